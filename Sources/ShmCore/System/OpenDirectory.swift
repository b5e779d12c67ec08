import CShm
package import Glibc
package import SystemPackage

/// An open directory and the system calls on names in it.
///
/// A path is resolved once. Later calls use the same directory, even if another process renames a part of the path or
/// replaces it by a symbolic link.
package struct OpenDirectory: ~Copyable {
  /// Opened with O_PATH: search permission is enough. open(2)
  private let descriptor: OwnedDescriptor
  /// The status of the directory when it was opened.
  package let status: stat

  /// Opens a directory by its path. open(2)
  package init(_ path: FilePath) throws(Errno) {
    let opened = try FileSystem.open(path, cshm_O_PATH | O_DIRECTORY)
    status = try opened.status()
    descriptor = opened
  }

  /// Opens a directory in this one, and follows no symbolic link, unless the kernel itself made the link.
  /// openat(2)
  package init(_ name: FilePath, in parent: borrowing OpenDirectory) throws(Errno) {
    // Symbolic links in /proc/PID/fd lead to the open file, not to the path that readlink(2) returns.
    let noFollow = parent.isProcess ? 0 : O_NOFOLLOW
    let opened = try parent.open(name, cshm_O_PATH | O_DIRECTORY | noFollow)
    status = try opened.status()
    descriptor = opened
  }

  /// Whether it belongs to proc(5). fstatfs(2)
  package var isProcess: Bool {
    (try? descriptor.fileSystemStatus())?.type == cshm_PROC_SUPER_MAGIC
  }

  /// The file system that it lies on; nil if unknown. fstatfs(2)
  package var fileSystem: MemoryFileSystem? {
    (try? descriptor.fileSystemStatus()).map { MemoryFileSystem($0) }
  }

  /// Opens a name, close-on-exec and never as a controlling terminal. openat(2)
  package func open(_ name: FilePath, _ flags: CInt, mode: UInt32 = 0) throws(Errno)
    -> OwnedDescriptor
  {
    let raw = try SystemCall.checkNegated {
      unsafe name.withPlatformString {
        unsafe cshm_openat(descriptor.raw, $0, flags | O_CLOEXEC | O_NOCTTY, mode)
      }
    }
    return OwnedDescriptor(adopting: raw)
  }

  /// The status of a name, of a symbolic link itself; nil if nothing has the name. fstatat(2)
  package func status(_ name: FilePath, follows: Bool = false) throws(Errno) -> stat? {
    var status = stat()
    do throws(Errno) {
      try SystemCall.check {
        unsafe name.withPlatformString {
          unsafe fstatat(descriptor.raw, $0, &status, follows ? 0 : AT_SYMLINK_NOFOLLOW)
        }
      }
      return status
    } catch .noSuchFileOrDirectory {
      return nil
    }
  }

  /// The text of a symbolic link. readlinkat(2)
  package func link(_ name: FilePath) throws(Errno) -> FilePath {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    try SystemCall.check {
      unsafe name.withPlatformString {
        unsafe readlinkat(descriptor.raw, $0, &target, Int(PATH_MAX))
      }
    }
    return FilePath(platformString: target)
  }

  /// Whether this process may write the file of that name. faccessat(2)
  package func mayWrite(_ name: FilePath) -> Bool {
    unsafe name.withPlatformString { unsafe cshm_may_write_at(descriptor.raw, $0) == 0 }
  }

  /// Whether a file system is mounted at the name. statx(2)
  package func isMountPoint(_ name: FilePath) -> Bool {
    unsafe name.withPlatformString { unsafe cshm_is_mount_point(descriptor.raw, $0) > 0 }
  }

  /// Removes a name. unlinkat(2)
  package func unlink(_ name: FilePath) throws(Errno) {
    try SystemCall.check {
      unsafe name.withPlatformString { unsafe unlinkat(descriptor.raw, $0, 0) }
    }
  }

  /// Removes an empty directory. unlinkat(2), `AT_REMOVEDIR`
  package func removeDirectory(_ name: FilePath) throws(Errno) {
    try SystemCall.check {
      unsafe name.withPlatformString { unsafe unlinkat(descriptor.raw, $0, AT_REMOVEDIR) }
    }
  }

  /// Renames within the directory. An existing file of the new name is replaced. renameat(2)
  package func rename(_ from: FilePath, to: FilePath) throws(Errno) {
    try SystemCall.check {
      unsafe from.withPlatformString { source in
        unsafe to.withPlatformString { unsafe renameat(descriptor.raw, source, descriptor.raw, $0) }
      }
    }
  }

  /// Renames within the directory if nothing has the new name. renameat2(2)
  ///
  /// - Throws: `Errno`: `fileExists`; `invalidArgument` or `noFunction` if the file system cannot do it.
  package func rename(_ from: FilePath, toFree to: FilePath) throws(Errno) {
    try SystemCall.checkNegated {
      unsafe from.withPlatformString { source in
        unsafe to.withPlatformString { unsafe cshm_rename_to_free(descriptor.raw, source, $0) }
      }
    }
  }

  /// Gives an open file without a name its name, which must be free. linkat(2)
  package func link(_ file: borrowing OwnedDescriptor, as name: FilePath) throws(Errno) {
    let raw = file.raw
    do throws(Errno) {
      try SystemCall.checkNegated {
        unsafe name.withPlatformString { unsafe cshm_link_into_by_proc(raw, descriptor.raw, $0) }
      }
    } catch .noSuchFileOrDirectory {
      // No /proc here. By the descriptor it takes a privilege on kernels before 6.10.
      try SystemCall.checkNegated {
        unsafe name.withPlatformString {
          unsafe cshm_link_into_by_descriptor(raw, descriptor.raw, $0)
        }
      }
    }
  }

  /// Whether an open file without a name can be linked here. "." is taken in every directory, and the
  /// kernel says so only after it has found the file to link. linkat(2)
  package func canLink(_ file: borrowing OwnedDescriptor) -> Bool {
    do throws(Errno) {
      try link(file, as: ".")
      return false
    } catch {
      return error == .fileExists
    }
  }

  /// Makes the names of the directory durable. If it may not be read, and so not be synchronized by
  /// itself, its whole file system is. fsync(2), syncfs(2)
  ///
  /// - Parameter file: an open file on the same file system.
  /// - Throws: `Errno`
  package func synchronize(besides file: CInt) throws(Errno) {
    let readable: OwnedDescriptor
    do throws(Errno) {
      readable = try open(".", O_RDONLY | O_DIRECTORY)
    } catch .permissionDenied {
      try SystemCall.checkNegated { cshm_sync_file_system(file) }
      return
    }
    try readable.synchronize()
  }

  /// The path of the directory in proc(5), to read its names.
  private var processPath: FilePath { FilePath("/proc/self/fd/\(descriptor.raw)") }

  /// The names in it; empty without permission. readdir(3)
  package func names() -> [FilePath] {
    (try? FileSystem.names(in: processPath))?.map { FilePath(root: nil, [$0]) } ?? []
  }
}

extension OwnedDescriptor {
  /// Waits until the file is on its device. fsync(2)
  package func synchronize() throws(Errno) {
    try SystemCall.checkNegated { cshm_sync(raw) }
  }
}
