// Paths and descriptors are a part of the API: a program that imports ShmCore can name them without depending on
// swift-system itself.
@_exported public import SystemPackage
