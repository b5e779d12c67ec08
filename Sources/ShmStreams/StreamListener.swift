import CShm
import Glibc
import ShmCore
import SystemPackage

/// The sender's side of a rendezvous: it listens, and its name goes when it ends.
struct StreamListener: ~Copyable {
  let descriptor: OwnedDescriptor
  private let place: Rendezvous
  private let identity: RegionIdentity
  /// What the name is taken away under: opened now, for then there may be no descriptor left.
  private let directory: RendezvousDirectory

  /// Listens there. A socket that nobody listens on is replaced.
  ///
  /// - Parameters:
  ///   - place: where.
  ///   - clock: how long to wait for another process that has the directory locked.
  ///   - interrupt: a descriptor that becomes readable when the waiting is to end.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError`: `busy` where another sender listens, `exists` where something else has the
  ///   name, `notPermitted`.
  init(
    at place: Rendezvous, until clock: Deadline, interrupt: CInt?, _ attempt: String
  ) throws(ShmError) {
    for _ in 0..<1000 {
      let socket = try ShmError.saying(attempt) { () throws(Errno) in
        OwnedDescriptor(adopting: try SystemCall.checkNegated { cshm_packet_socket() })
      }
      let directory = try place.lockDirectory(attempt, until: clock, interrupt: interrupt)
      let identity: RegionIdentity?
      do throws(ShmError) {
        identity = try Self.bind(socket, at: place, in: directory, attempt)
      } catch {
        if directory.wasMade { directory.remove() } else { place.removeDirectory(directory) }
        throw error
      }
      // Taken away again at once, by somebody who takes no lock: nobody would find it.
      guard let identity else { continue }
      _ = cshm_unlock(directory.descriptor.raw)
      descriptor = socket
      self.identity = identity
      self.directory = directory
      self.place = place
      return
    }
    throw ShmError(.busy, attempt, "its directory is taken away again and again")
  }

  /// Binds the name and listens, under the lock; nil where somebody who takes no lock has taken the
  /// directory away, or the name.
  private static func bind(
    _ socket: borrowing OwnedDescriptor, at place: Rendezvous,
    in directory: borrowing RendezvousDirectory, _ attempt: String
  ) throws(ShmError) -> RegionIdentity? {
    if let status = directory.status(place.name) {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw ShmError(.exists, attempt, "something that is no socket has the name")
      }
      directory.repair(place.name)
      switch place.listener(in: directory) {
      case .somebody: throw ShmError(.busy, attempt, "another sender has that stream")
      case .unknown:
        // It may be alive: only what nobody listens on, on the kernel's word, is replaced.
        throw ShmError(.busy, attempt, "whether another sender has that stream cannot be seen")
      case .nobody: break
      }
      try ShmError.saying(attempt) { () throws(Errno) in try directory.unlink(place.name) }
    }
    do {
      try directory.bind(place.name, to: socket)
    } catch .noSuchFileOrDirectory, .addressInUse {
      return nil
    } catch {
      throw ShmError(attempt, error)
    }
    directory.repair(place.name)
    // Somebody who takes no lock may have put something else there since: it is not this socket's identity.
    guard let status = directory.status(place.name), status.st_mode & S_IFMT == S_IFSOCK else {
      return nil
    }
    do {
      try SystemCall.checkNegated { cshm_listen(socket.raw, 64) }
    } catch {
      try? directory.unlink(place.name)
      throw ShmError(attempt, error)
    }
    return RegionIdentity(status)
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

  /// What a look at the listening socket has brought.
  enum Arrival: ~Copyable {
    /// No receiver has come, or it has gone again.
    case nothing
    /// A process of another user, which is turned away.
    case foreign
    /// A receiver.
    case receiver(StreamSocket)
  }

  /// Takes a receiver in that has come.
  ///
  /// - Throws: `ShmError` where the kernel refuses: there is no descriptor or no memory for it, or a
  ///   sandbox forbids the call.
  func accept(_ attempt: String) throws(ShmError) -> Arrival {
    let raw = cshm_accept(descriptor.raw)
    guard raw >= 0 else {
      if [EAGAIN, EINTR, ECONNABORTED].contains(-raw) { return .nothing }
      throw ShmError(attempt, Errno(rawValue: -raw))
    }
    do throws(ShmError) {
      return .receiver(try StreamSocket(checking: OwnedDescriptor(adopting: raw), attempt))
    } catch {
      // With a number it is the kernel's refusal to say whose it is, which is no receiver's fault.
      if error.kind == .notPermitted, error.errorNumber == nil { return .foreign }
      throw error
    }
  }
}
