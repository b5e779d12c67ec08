import CShm
import Glibc
import ShmCore
import SystemPackage

/// The sender's side of a rendezvous: it listens, and removes its name at its end.
struct StreamListener: ~Copyable {
  let descriptor: OwnedDescriptor
  private let place: Rendezvous
  private let identity: RegionIdentity
  /// The directory for the removal of the name. It is opened now, because later no descriptor may be available.
  private let directory: RendezvousDirectory

  /// Listens on a name. A socket on which no process listens is replaced.
  ///
  /// - Parameters:
  ///   - place: the name and directory of the stream.
  ///   - clock: how long to wait for another process that holds the lock of the directory.
  ///   - interrupt: a descriptor that becomes readable to interrupt the wait.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError`: `busy` if another sender listens, `exists` if the name refers to another kind of
  ///   file, `notPermitted`.
  init(
    at place: Rendezvous, until clock: Deadline, interrupt: CInt?, _ attempt: String
  ) throws(ShmError) {
    for _ in 0..<1000 {
      let socket: OwnedDescriptor
      do {
        socket = OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_packet_socket() })
      } catch {
        throw ShmError(attempt, error)
      }
      let directory = try place.lockDirectory(attempt, until: clock, interrupt: interrupt)
      let identity: RegionIdentity?
      do throws(ShmError) {
        identity = try Self.bind(socket, at: place, in: directory, attempt)
      } catch {
        if directory.wasMade { directory.remove() } else { place.removeDirectory(directory) }
        throw error
      }
      // A process without the lock removed or replaced the name at once. No receiver would find this socket.
      guard let identity else { continue }
      _ = cshm_unlock(directory.descriptor.raw)
      descriptor = socket
      self.identity = identity
      self.directory = directory
      self.place = place
      return
    }
    throw ShmError(.busy, attempt, "another process removes its directory repeatedly")
  }

  /// Binds the name and listens, under the lock; nil if a process without the lock removed the directory or the
  /// name.
  private static func bind(
    _ socket: borrowing OwnedDescriptor, at place: Rendezvous,
    in directory: borrowing RendezvousDirectory, _ attempt: String
  ) throws(ShmError) -> RegionIdentity? {
    if let status = directory.status(place.name) {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw ShmError(.exists, attempt, "the name refers to a file that is not a socket")
      }
      directory.repair(place.name)
      switch place.listener(in: directory) {
      case .somebody: throw ShmError(.busy, attempt, "another sender uses the stream")
      case .unknown:
        // A sender may be alive: a socket is replaced only if the kernel reports that no process listens.
        throw ShmError(
          .busy, attempt, "another sender may use the stream (its process is not visible)")
      case .nobody: break
      }
      do {
        try directory.unlink(place.name)
      } catch {
        throw ShmError(attempt, error)
      }
    }
    do {
      try directory.bind(place.name, to: socket)
    } catch .noSuchFileOrDirectory, .addressInUse {
      return nil
    } catch {
      throw ShmError(attempt, error)
    }
    directory.repair(place.name)
    do {
      try SystemCall.checkNegated { cshm_listen(socket.raw, 64) }
    } catch {
      try? directory.unlink(place.name)
      throw ShmError(attempt, error)
    }
    return directory.ownIdentity(place.name)
  }

  deinit {
    place.remove(identity, under: directory)
  }

  /// Whether receivers still find this sender: the name and the directory may have been removed, or
  /// replaced. lstat(2)
  var isReachable: Bool {
    (try? FileSystem.status(place.path)).map { RegionIdentity($0) } == identity
      && directory.isCurrent
  }

  /// The result of a check of the listening socket.
  enum Arrival: ~Copyable {
    /// No receiver connected, or it disconnected again.
    case nothing
    /// A process of another user, which is turned away.
    case foreign
    /// A receiver.
    case receiver(StreamSocket)
  }

  /// Accepts a receiver that connected.
  ///
  /// - Throws: `ShmError` if the kernel refuses: no descriptor or memory is available, or a sandbox forbids the
  ///   call.
  func accept(_ attempt: String) throws(ShmError) -> Arrival {
    let raw = cshm_accept(descriptor.raw)
    guard raw >= 0 else {
      if [EAGAIN, EINTR, ECONNABORTED].contains(-raw) { return .nothing }
      throw ShmError(attempt, Errno(rawValue: -raw))
    }
    do throws(ShmError) {
      return .receiver(try StreamSocket(checking: OwnedDescriptor(adopting: raw), attempt))
    } catch {
      // An error with a number means that the kernel does not report the owner, which is not a fault of the receiver.
      if error.kind == .notPermitted, error.errorNumber == nil { return .foreign }
      throw error
    }
  }
}
