package import SystemPackage

/// An open region: an object whose pages can be shared between processes.
///
/// The owner holds a descriptor, which ends with it; the region itself stays until it is removed
/// and nobody uses it any more.
///
/// ```swift
/// let region = try Region.create(RegionReference("cache"), size: 64 << 20)
/// let mapping = try Mapping(of: region)
/// ```
public struct Region: ~Copyable, Sendable {
  /// What may be done with the contents.
  public enum Access: Sendable {
    /// Nothing: only its status, and its name, can be worked on.
    case status
    /// They may be read.
    case readOnly
    /// They may be read and written.
    case readWrite
  }

  /// How the region was named.
  public let reference: RegionReference
  /// What this descriptor allows.
  public let access: Access
  package let descriptor: OwnedDescriptor

  package init(_ reference: RegionReference, access: Access, descriptor: consuming OwnedDescriptor)
  {
    self.reference = reference
    self.access = access
    self.descriptor = descriptor
  }

  /// The number of the descriptor, for poll(2), for handing it to another process. It belongs to
  /// this value: do not close it.
  public var rawDescriptor: Int32 { descriptor.raw }

  /// A path that leads to this file, whatever its name is by now. proc_pid_fd(5)
  package var descriptorPath: FilePath { FilePath("/proc/self/fd/\(descriptor.raw)") }

  /// The name in quotes, for messages.
  package var quoted: String { reference.quoted }

  /// What the region is now: size, allocation, owner. fstat(2)
  ///
  /// - Throws: `ShmError`; on an open region only where the machine is in trouble.
  public func status() throws(ShmError) -> RegionStatus {
    try ShmError.saying("cannot look at \(quoted)") { () throws(Errno) in
      let status = try descriptor.status()
      let fileSystem = MemoryFileSystem(try descriptor.fileSystemStatus())
      return RegionStatus(
        status, created: descriptor.birthTime(),
        pageSize: fileSystem.pageSize)
    }
  }

  /// Throws unless the region is shared memory: a command that changes or removes a region does neither
  /// to a file on another file system, and asks before anything else. Opening for writing and `unlink`
  /// ask by themselves.
  ///
  /// - Parameter attempt: what would be done to it, for the message.
  /// - Throws: `ShmError` of kind `notSharedMemory`, which names the file system.
  public func requireSharedMemory(_ attempt: String) throws(ShmError) {
    try SharedMemory.require(descriptor, attempt)
  }

  /// The file system that the region lies on.
  ///
  /// - Throws: `ShmError`; on an open region only where the machine is in trouble.
  public func fileSystem() throws(ShmError) -> MemoryFileSystem {
    try ShmError.saying("cannot look at the file system of \(quoted)") { () throws(Errno) in
      MemoryFileSystem(try descriptor.fileSystemStatus())
    }
  }
}
