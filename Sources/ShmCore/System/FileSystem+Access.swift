import CShm
import Glibc
package import SystemPackage

/// What this process may do with a file.
extension FileSystem {
  /// Whether this process may write what `path` leads to. faccessat(2)
  package static func mayWrite(_ path: FilePath) -> Bool {
    unsafe path.withPlatformString { unsafe faccessat(AT_FDCWD, $0, W_OK, AT_EACCESS) == 0 }
  }

  /// Whether this process may read what `path` leads to. faccessat(2)
  package static func mayRead(_ path: FilePath) -> Bool {
    unsafe path.withPlatformString { unsafe faccessat(AT_FDCWD, $0, R_OK, AT_EACCESS) == 0 }
  }

  /// Whether this process may look up names in a directory. faccessat(2)
  package static func maySearch(_ directory: FilePath) -> Bool {
    unsafe directory.withPlatformString { unsafe faccessat(AT_FDCWD, $0, X_OK, AT_EACCESS) == 0 }
  }

  /// Whether `path` itself is immutable or append-only; nil if it cannot be looked at. statx(2), chattr(1)
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
