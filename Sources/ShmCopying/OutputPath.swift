import CShm
import Glibc
import ShmCore
import SystemPackage

/// The target of a path to write: a name in an open directory, or a descriptor of this process.
///
/// The path is followed component by component. In a sticky directory that others can write, only symbolic links and
/// files of this user or of the directory's owner are used. These are the rules of fs.protected_symlinks and
/// fs.protected_regular (proc_sys_fs(5)), independent of these settings, and for every link of the path.
struct OutputPath: ~Copyable {
  /// The directory of the last part.
  let directory: OpenDirectory
  /// The last part: a name, and no symbolic link.
  let name: FilePath
  /// The number of the descriptor that the path means, as /dev/fd/9 does; nil for a name.
  let descriptor: CInt?
  /// Whether a symbolic link led to the name.
  let isLinked: Bool

  /// The kernel's own limit on the links of one path. path_resolution(7)
  private static var mostLinks: Int { 40 }

  /// Resolves a path; failures are errors with `attempt`.
  ///
  /// - Throws: `ShmError`: `incompatible` if it names a directory; `notFound`, `notPermitted`.
  init(_ path: FilePath, _ attempt: String) throws(ShmError) {
    do throws(Errno) {
      try self.init(following: path)
    } catch .isDirectory {
      throw ShmError(.incompatible, attempt, "it is a directory")
    } catch .noSuchFileOrDirectory {
      throw ShmError(
        .notFound, attempt, "its directory does not exist", errorNumber: ENOENT)
    } catch .permissionDenied {
      throw ShmError(
        .notPermitted, attempt, "no permission to search its directories", errorNumber: EACCES)
    } catch .notPermitted {
      throw Self.untrustedLink("it", attempt)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// The error for a symbolic link that is not followed.
  ///
  /// - Parameters:
  ///   - path: the path as it appears in the message.
  ///   - attempt: the operation, for errors.
  /// - Returns: the error.
  static func untrustedLink(_ path: String, _ attempt: String) -> ShmError {
    ShmError(
      .notPermitted, attempt,
      "\(path) leads through another user's symbolic link in a sticky directory",
      remedy: "use the path of the target if you trust the link", errorNumber: EACCES)
  }

  /// Follows a path.
  ///
  /// - Throws: `Errno`: `isDirectory`; `notPermitted` for another user's link in a sticky directory; errors of the
  ///   system calls.
  init(following path: FilePath) throws(Errno) {
    var directory = try OpenDirectory(path.isAbsolute ? "/" : ".")
    var parts = Array(path.components.reversed())
    var links = 0
    while let part = parts.popLast() {
      let name = FilePath(root: nil, [part])
      if part.kind == .currentDirectory { continue }
      if parts.isEmpty, part.kind == .regular {
        let status = try directory.status(name)
        guard let status, status.st_mode & S_IFMT == S_IFLNK else {
          (self.name, descriptor, isLinked) = (name, nil, links > 0)
          self.directory = directory
          return
        }
        if directory.isProcess {
          descriptor = Self.ownDescriptor(name, directory)
          (self.name, isLinked) = (name, true)
          self.directory = directory
          return
        }
      } else {
        do throws(Errno) {
          directory = try OpenDirectory(name, in: directory)
          continue
        } catch {
          guard error == .notDirectory || error == .tooManySymbolicLinkLevels,
            let status = try directory.status(name), status.st_mode & S_IFMT == S_IFLNK
          else { throw error }
        }
      }
      links += 1
      if links > Self.mostLinks { throw .tooManySymbolicLinkLevels }
      let target = try directory.follow(name)
      if target.isAbsolute { directory = try OpenDirectory("/") }
      parts += target.components.reversed()
    }
    throw .isDirectory
  }

  /// The number of a link in /proc/PID/fd if PID is this process. A close-on-exec descriptor was opened by this program
  /// itself, so a user of the program cannot refer to it.
  private static func ownDescriptor(_ name: FilePath, _ directory: borrowing OpenDirectory) -> CInt?
  {
    guard let number = CInt(name.string) else { return nil }
    let here = RegionIdentity(directory.status)
    let isOwn = ["/proc/self/fd", "/proc/thread-self/fd"].contains { place in
      (try? FileSystem.followedStatus(FilePath(place))).map { RegionIdentity($0) } == here
    }
    let flags = cshm_fcntl(number, F_GETFD, 0)
    return isOwn && flags >= 0 && flags & FD_CLOEXEC == 0 ? number : nil
  }
}

extension OpenDirectory {
  /// The target of a symbolic link in it, if the link is trusted.
  ///
  /// - Throws: `Errno`: `notPermitted` for another user's link in a sticky directory.
  fileprivate func follow(_ name: FilePath) throws(Errno) -> FilePath {
    guard let status = try status(name) else { throw .noSuchFileOrDirectory }
    guard trusts(status) else { throw .notPermitted }
    return try link(name)
  }

  /// Whether a file or link in it is trusted. In a sticky directory that others can write, it must belong to this user
  /// or to the directory's owner. In other directories every file is trusted.
  func trusts(_ found: stat) -> Bool {
    guard status.st_mode & S_ISVTX != 0, status.st_mode & 0o022 != 0 else { return true }
    if found.st_uid == geteuid() { return true }
    return found.st_uid == status.st_uid && !Self.isUnmapped(found.st_uid)
  }

  /// Whether a user ID may represent all users that are not mapped in this user namespace. Two such IDs may be
  /// different users. user_namespaces(7)
  private static func isUnmapped(_ user: uid_t) -> Bool {
    func number(_ path: FilePath, field: Int) -> UInt32? {
      guard let text = try? FileSystem.contents(of: path) else { return nil }
      let words = text.split { $0 == UInt8(ascii: " ") || $0 == UInt8(ascii: "\n") }
      guard words.count > field else { return nil }
      return UInt32(String(decoding: words[field], as: UTF8.self))
    }
    guard user == number("/proc/sys/kernel/overflowuid", field: 0) ?? 65534 else { return false }
    // The first user namespace knows all users.
    return number("/proc/self/uid_map", field: 2) != .max
  }
}
