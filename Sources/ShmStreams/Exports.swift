// The types of files and descriptors in the public interface, so that a program need not depend on swift-system
// itself.
@_exported public import struct SystemPackage.FileDescriptor
@_exported public import struct SystemPackage.FilePath
