// Paths and descriptors are a part of the API: a program that imports ShmCore can name them without a dependency on
// swift-system of its own.
@_exported public import SystemPackage
