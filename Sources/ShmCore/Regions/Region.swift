public import SystemPackage

/// An open region: an object whose pages can be shared between processes.
///
/// The value owns a file descriptor, which is closed with it. The region itself exists until it is removed
/// and no process uses it.
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

  /// The descriptor, to be passed to another process or to calls of the system. It belongs to this value: do not close
  /// it.
  public var fileDescriptor: FileDescriptor { FileDescriptor(rawValue: descriptor.raw) }

  /// The number of the descriptor.
  package var rawDescriptor: CInt { descriptor.raw }

  /// A path that leads to this file, even if it was renamed or removed. proc_pid_fd(5)
  package var descriptorPath: FilePath { FilePath("/proc/self/fd/\(descriptor.raw)") }

  /// The name in quotes, for messages.
  package var quoted: String { reference.quoted }

  /// What the region is now: size, allocation, owner. fstat(2)
  ///
  /// - Throws: `ShmError`. On an open region this is unusual: the kernel lacks memory, or a sandbox refuses.
  public func status() throws(ShmError) -> RegionStatus {
    do throws(Errno) {
      let status = try descriptor.status()
      let fileSystem = MemoryFileSystem(try descriptor.fileSystemStatus())
      return RegionStatus(
        status, created: descriptor.birthTime(),
        pageSize: fileSystem.pageSize)
    } catch {
      throw ShmError("cannot inspect \(quoted)", error)
    }
  }

  /// Throws unless the region is shared memory. A program that changes or removes regions calls this first,
  /// so that it does not change a file on another file system. Opening for writing and `unlink` check this
  /// themselves.
  ///
  /// - Parameter attempt: the operation, for the message.
  /// - Throws: `ShmError` of kind `notSharedMemory`, which names the file system.
  package func requireSharedMemory(_ attempt: String) throws(ShmError) {
    try SharedMemory.require(descriptor, attempt)
  }

  /// The file system that the region lies on.
  ///
  /// - Throws: `ShmError`. On an open region this is unusual: the kernel lacks memory, or a sandbox refuses.
  public func fileSystem() throws(ShmError) -> MemoryFileSystem {
    do throws(Errno) {
      return MemoryFileSystem(try descriptor.fileSystemStatus())
    } catch {
      throw ShmError("cannot inspect the file system of \(quoted)", error)
    }
  }
}
