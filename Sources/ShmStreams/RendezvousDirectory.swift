import CShm
import Glibc
import ShmCore
import SystemPackage

/// An open directory for the sockets of streams. It belongs to one user, and other users have no access.
///
/// Its contents are accessed through the descriptor. After the check, no process can replace the directory by
/// another directory or a symbolic link. openat(2)
struct RendezvousDirectory: ~Copyable {
  let descriptor: OwnedDescriptor
  let identity: RegionIdentity
  private let path: FilePath
  /// Whether this process has made it.
  var wasMade = false

  /// Why a directory cannot be used.
  enum Refusal: Error {
    /// The system call failed.
    case failed(Errno)
    /// It belongs to another user, or other users have access.
    case shared
  }

  /// Opens a directory if it is `owner`'s alone. A directory of the user that no umask but a strict one can
  /// have made is repaired: an earlier version left it when it was killed.
  ///
  /// - Parameters:
  ///   - path: the directory; the last component is not followed if it is a symbolic link.
  ///   - owner: the required owner.
  ///   - repairs: whether to add missing permissions of the owner.
  /// - Throws: `Refusal`.
  init(_ path: FilePath, owner: UInt32, repairs: Bool) throws(Refusal) {
    let opened: OwnedDescriptor
    let status: stat
    do throws(Errno) {
      if repairs { try Self.repair(path, owner: owner) }
      opened = try FileSystem.open(path, O_RDONLY | O_DIRECTORY | O_NOFOLLOW)
    } catch {
      throw .failed(error)
    }
    do {
      status = try opened.status()
    } catch {
      throw .failed(error)
    }
    guard status.st_uid == owner, status.st_mode & 0o077 == 0 else { throw .shared }
    descriptor = opened
    identity = RegionIdentity(status)
    self.path = path
  }

  private static func repair(_ path: FilePath, owner: UInt32) throws(Errno) {
    let found = try FileSystem.open(path, cshm_O_PATH | O_DIRECTORY | O_NOFOLLOW)
    let status = try found.status()
    guard status.st_uid == owner, status.st_mode & 0o077 == 0, status.st_mode & 0o700 != 0o700
    else { return }
    // If the mode cannot be changed through the descriptor, opening the directory gives the error.
    _ = cshm_change_mode(found.raw, 0o700)
  }

  /// Whether the path still leads to this directory.
  var isCurrent: Bool {
    (try? FileSystem.status(path)).map { RegionIdentity($0) } == identity
  }

  /// The status of a name, of a symbolic link itself; nil if there is nothing. fstatat(2)
  func status(_ name: RegionName) -> stat? {
    var status = stat()
    let answer = unsafe FilePath(bytes: name.bytes).withPlatformString {
      unsafe fstatat(descriptor.raw, $0, &status, AT_SYMLINK_NOFOLLOW)
    }
    return answer == 0 ? status : nil
  }

  /// When the file of a name was created, in seconds since 1970; nil if the file system does not record it. statx(2)
  func birthTime(_ name: RegionName) -> Int? {
    var seconds: Int64 = 0
    var known: CInt = 0
    let answer = unsafe FilePath(bytes: name.bytes).withPlatformString {
      unsafe cshm_birth_time(descriptor.raw, $0, &seconds, &known)
    }
    return answer == 0 && known != 0 ? Int(seconds) : nil
  }

  /// unlinkat(2)
  func unlink(_ name: RegionName) throws(Errno) {
    try SystemCall.check {
      unsafe FilePath(bytes: name.bytes).withPlatformString {
        unsafe unlinkat(descriptor.raw, $0, 0)
      }
    }
  }

  /// The names in it, as far as they can be stream names.
  func names() throws(Errno) -> [RegionName] {
    let raw = try SystemCall.checkNegated {
      unsafe cshm_openat(descriptor.raw, ".", O_RDONLY | O_DIRECTORY | O_CLOEXEC, 0)
    }
    return try FileSystem.names(adopting: raw).compactMap { try? RegionName(bytes: $0.bytes) }
  }

  /// Opens the socket that a name is, and nothing else: neither a link is followed nor a file touched.
  ///
  /// - Parameter name: the name of the stream.
  /// - Returns: the socket, which can only be used to connect.
  /// - Throws: `Errno`: `notSocket` if it is anything else.
  func socket(_ name: RegionName) throws(Errno) -> OwnedDescriptor {
    let flags = cshm_O_PATH | O_NOFOLLOW | O_CLOEXEC
    let found = OwnedDescriptor(
      adopting: try SystemCall.checkNegated {
        unsafe FilePath(bytes: name.bytes).withPlatformString {
          unsafe cshm_openat(descriptor.raw, $0, flags, 0)
        }
      })
    guard try found.status().st_mode & S_IFMT == S_IFSOCK else { throw .notSocket }
    return found
  }

  /// Connects to the sender that listens on a name. It connects to the opened socket, even if the name is replaced in
  /// the meantime. connect(2)
  ///
  /// - Parameters:
  ///   - name: the name of the stream.
  ///   - isForeign: whether the directory belongs to another user, who can change the name at any time.
  /// - Returns: the connection.
  /// - Throws: `Errno`: `notSocket` if the name is anything else.
  func connect(_ name: RegionName, isForeign: Bool = false) throws(Errno) -> OwnedDescriptor {
    try connect(to: try socket(name), name, isForeign: isForeign)
  }

  /// Connects to the sender whose socket was opened.
  private func connect(
    to found: borrowing OwnedDescriptor, _ name: RegionName, isForeign: Bool
  ) throws(Errno) -> OwnedDescriptor {
    let connection = OwnedDescriptor(
      adopting: try SystemCall.checkNegated { cshm_packet_socket() })
    do throws(Errno) {
      try SystemCall.checkNegated {
        unsafe cshm_connect(connection.raw, "/proc/self/fd/\(found.raw)")
      }
    } catch .noSuchFileOrDirectory {
      // /proc is not available. Only this user could have replaced the file.
      guard !isForeign else { throw .noFunction }
      try SystemCall.checkNegated {
        unsafe name.path(in: path).withPlatformString {
          unsafe cshm_connect(connection.raw, $0)
        }
      }
    }
    return connection
  }

  /// The identity of a name on which this process listens. Another process may have replaced the file since this
  /// process bound it, so the listening process is found by a connection.
  ///
  /// - Parameter name: the name of the stream.
  /// - Returns: nil if the name is missing, or another process listens on it.
  func ownIdentity(_ name: RegionName) -> RegionIdentity? {
    guard let status = status(name), status.st_mode & S_IFMT == S_IFSOCK else { return nil }
    let identity = RegionIdentity(status)
    do throws(Errno) {
      let found = try socket(name)
      guard RegionIdentity(try found.status()) == identity else { return nil }
      let connection = try connect(to: found, name, isForeign: false)
      var (process, user): (pid_t, uid_t) = (0, 0)
      let answer = unsafe cshm_peer(connection.raw, &process, &user)
      return answer < 0 || process == getpid() ? identity : nil
    } catch .connectionRefused, .noSuchFileOrDirectory, .notSocket {
      // Another process has replaced it, or has bound it and does not listen yet.
      return nil
    } catch {
      // A sandbox or a limit does not permit the connection, or receivers already fill the queue of this process.
      return identity
    }
  }

  /// The answer to a connection to a sender's name.
  enum Answer: ~Copyable {
    case connected(OwnedDescriptor)
    case refused(Errno)
  }

  /// The same, with a refusal as an answer.
  func ask(_ name: RegionName) -> Answer {
    do {
      return .connected(try connect(name))
    } catch {
      return .refused(error)
    }
  }

  /// Binds a new socket to a name that must be free. bind(2)
  func bind(_ name: RegionName, to socket: borrowing OwnedDescriptor) throws(Errno) {
    let whole = name.path(in: path)
    try SystemCall.checkNegated {
      unsafe FilePath(bytes: name.bytes).withPlatformString { name in
        unsafe whole.withPlatformString { unsafe cshm_bind(socket.raw, descriptor.raw, name, $0) }
      }
    }
  }

  /// Gives the user the right to connect to a socket if a strict umask has taken it.
  func repair(_ name: RegionName) {
    guard let found = try? socket(name), let status = try? found.status(),
      status.st_mode & 0o600 != 0o600
    else { return }
    _ = cshm_change_mode(found.raw, 0o600)
  }

  /// Takes the directory away if it is empty and the path still leads to it. rmdir(2)
  func remove() {
    if isCurrent { try? FileSystem.removeDirectory(path) }
  }
}
