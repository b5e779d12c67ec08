import CShm
import Glibc
import ShmCore
import SystemPackage

/// Where a path leads that is to be written: a name in an open directory, or a descriptor that this
/// process has.
///
/// The path is followed part by part. In a sticky directory that others may write, only those symbolic
/// links are followed and only those files are taken over that belong to this user or to the directory's
/// owner. These are the rules of fs.protected_symlinks and fs.protected_regular (proc_sys_fs(5)), whatever
/// these are set to, and for every link of the path.
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

  /// The same with the words for errors.
  ///
  /// - Throws: `ShmError`: `usage` if it names a directory; `notFound`, `notPermitted`.
  init(_ path: FilePath, _ attempt: String) throws(ShmError) {
    do throws(Errno) {
      try self.init(following: path)
    } catch .isDirectory {
      throw ShmError(.usage, attempt, "it is a directory")
    } catch .noSuchFileOrDirectory {
      throw ShmError(
        .notFound, attempt, "there is no directory for it", errorNumber: ENOENT)
    } catch .permissionDenied {
      throw ShmError(
        .notPermitted, attempt, "you may not go through its directories", errorNumber: EACCES)
    } catch .notPermitted {
      throw Self.untrustedLink("it", attempt)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// The error for a symbolic link that is not followed.
  ///
  /// - Parameters:
  ///   - path: what the message calls the path.
  ///   - attempt: the words for errors.
  /// - Returns: the error.
  static func untrustedLink(_ path: String, _ attempt: String) -> ShmError {
    ShmError(
      .notPermitted, attempt,
      "\(path) leads through another user's symbolic link in a sticky directory",
      remedy: "give the path that the link leads to, if you trust it", errorNumber: EACCES)
  }

  /// Follows a path.
  ///
  /// - Throws: `Errno`: `isDirectory`; `notPermitted` for another user's link in a sticky directory; what the
  ///   system calls say.
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

  /// The number that a link in /proc/PID/fd has, if PID is this process. A descriptor that is closed on
  /// exec was opened by this program for itself, and is none that its caller can mean.
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
  /// Where a symbolic link in it leads, if it may be followed.
  ///
  /// - Throws: `Errno`: `notPermitted` for another user's link in a sticky directory.
  fileprivate func follow(_ name: FilePath) throws(Errno) -> FilePath {
    guard let status = try status(name) else { throw .noSuchFileOrDirectory }
    guard trusts(status) else { throw .notPermitted }
    return try link(name)
  }

  /// Whether what lies in it may be followed or taken over. In a sticky directory that others may write
  /// that is what belongs to this user or to the directory's owner; elsewhere everything is.
  func trusts(_ found: stat) -> Bool {
    guard status.st_mode & S_ISVTX != 0, status.st_mode & 0o022 != 0 else { return true }
    if found.st_uid == geteuid() { return true }
    return found.st_uid == status.st_uid && !Self.isUnmapped(found.st_uid)
  }

  /// Whether a user's number may stand for all those that this user namespace does not know, so that two
  /// of them are not known to be the same. user_namespaces(7)
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
