import CShm
import Glibc
package import SystemPackage

/// The access of this process to files.
extension FileSystem {
  /// Whether this process has write permission for a file. faccessat(2)
  package static func mayWrite(_ path: FilePath) -> Bool {
    unsafe path.withPlatformString { unsafe faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) == 0 }
  }

  /// Whether this process has read permission for a file. faccessat(2)
  package static func mayRead(_ path: FilePath) -> Bool {
    unsafe path.withPlatformString { unsafe faccessat(AT_FDCWD, $0, R_OK, AT_EACCESS) == 0 }
  }

  /// Whether this process has search permission for a directory. faccessat(2)
  package static func maySearch(_ directory: FilePath) -> Bool {
    unsafe directory.withPlatformString { unsafe faccessat(AT_FDCWD, $0, X_OK, AT_EACCESS) == 0 }
  }

  /// Whether the file is immutable or append-only; nil if its attributes cannot be read. statx(2), chattr(1)
  package static func attributes(_ path: FilePath) -> (isImmutable: Bool, isAppendOnly: Bool)? {
    var immutable: CInt = 0
    var appendOnly: CInt = 0
    let answer = unsafe path.withPlatformString {
      unsafe cshm_attributes($0, &immutable, &appendOnly)
    }
    return answer == 0 ? (immutable != 0, appendOnly != 0) : nil
  }

  /// Whether this process may make files in a directory. faccessat(2)
  package static func mayWrite(in directory: FilePath) -> Bool {
    refusesWriting(in: directory) == nil
  }

  /// Why this process may not create files in a directory; nil if it may. faccessat(2)
  static func refusesWriting(in directory: FilePath) -> Errno? {
    do throws(Errno) {
      try SystemCall.check {
        unsafe directory.withPlatformString {
          unsafe faccessat(AT_FDCWD, $0, W_OK | X_OK, AT_EACCESS)
        }
      }
      return nil
    } catch {
      return error
    }
  }

  /// Whether this process may execute a file. faccessat(2)
  package static func mayExecute(_ path: FilePath) -> Bool {
    var status = stat()
    return unsafe path.withPlatformString { path in
      unsafe stat(path, &status) == 0 && status.st_mode & S_IFMT == S_IFREG
        && faccessat(AT_FDCWD, path, X_OK, AT_EACCESS) == 0
    }
  }
}
