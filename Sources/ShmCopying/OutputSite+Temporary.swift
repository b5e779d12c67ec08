import CShm
import Glibc
import ShmCore
import SystemPackage

/// The temporary names of output files: `.NAME.shmtool-` and 16 hexadecimal digits.
///
/// A process that writes such a file holds a lock on it, flock(2). A file without the lock was left by a
/// process that was killed: the lock tells it from one of a new process with the same number.
extension OutputSite {
  private static var digits: Int { 16 }

  /// The prefix of a temporary name; a long name is cut.
  private var prefix: [UInt8] {
    Array(".".utf8) + last.bytes.prefix(200) + Array(".shmtool-".utf8)
  }

  /// A name that no other process has.
  func temporaryName() -> FilePath {
    let number = String(cshm_random(), radix: 16)
    let padded = String(repeating: "0", count: Self.digits - number.utf8.count) + number
    return FilePath(bytes: prefix + Array(padded.utf8))
  }

  /// A file with such a name, locked; `temporary` is set to the name.
  func openNamed(mode: mode_t, _ temporary: inout FilePath?) throws(Errno) -> OwnedDescriptor {
    while true {
      let name = temporaryName()
      let file = try directory.open(
        name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: mode)
      // Another process may have taken it for a leftover before the lock was there.
      if cshm_lock_if_free(file.raw) != 0, isName(name, of: file) {
        temporary = name
        return file
      }
    }
  }

  /// Removes temporary files of this name that killed processes left: regular files with one link and without a lock,
  /// of this user or of the owner of the file that they would have replaced.
  ///
  /// A new file gets the old file's owner before it is renamed, so a killed process of root leaves files of other
  /// users. Removing them is safe: a user who can give such a name to a file in this directory can also remove the
  /// file.
  ///
  /// - Parameter owner: the owner of the file that has the name now; nil if nothing has the name.
  func removeLeftovers(of owner: uid_t?) {
    let start = prefix
    let owners = [geteuid()] + (owner.map { [$0] } ?? [])
    for name in directory.names() {
      let bytes = name.bytes
      if bytes.count == start.count + Self.digits, bytes.starts(with: start),
        bytes.dropFirst(start.count).allSatisfy(Self.isDigit)
      {
        try? removeIfLeft(name, of: owners)
      }
    }
  }

  private static func isDigit(_ byte: UInt8) -> Bool {
    (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(byte)
      || (UInt8(ascii: "a")...UInt8(ascii: "f")).contains(byte)
  }

  private func removeIfLeft(_ name: FilePath, of owners: [uid_t]) throws(Errno) {
    // A device must not even be opened.
    guard let status = try directory.status(name), Self.isLeft(status, of: owners) else { return }
    let file: OwnedDescriptor
    do {
      // On some file systems only a file that is open for writing can be locked.
      file = try directory.open(name, O_RDWR | O_NOFOLLOW | O_NONBLOCK)
    } catch {
      file = try directory.open(name, O_RDONLY | O_NOFOLLOW | O_NONBLOCK)
    }
    guard Self.isLeft(try file.status(), of: owners), cshm_lock_if_free(file.raw) == 1,
      isName(name, of: file)
    else { return }
    try directory.unlink(name)
  }

  private static func isLeft(_ status: stat, of owners: [uid_t]) -> Bool {
    status.st_mode & S_IFMT == S_IFREG && owners.contains(status.st_uid) && status.st_nlink == 1
  }

  private func isName(_ name: FilePath, of file: borrowing OwnedDescriptor) -> Bool {
    guard let status = try? file.status(), let named = try? directory.status(name) else {
      return false
    }
    return RegionIdentity(status) == RegionIdentity(named)
  }
}
