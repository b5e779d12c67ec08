import CShm
import Glibc
import SystemPackage

/// The sender's side of a rendezvous: it listens, and its name goes when it ends.
struct StreamListener: ~Copyable {
  let descriptor: OwnedDescriptor
  private let place: Rendezvous
  private let identity: RegionIdentity
  /// What the name is taken away under: opened now, for then there may be no descriptor left.
  private let directory: OwnedDescriptor

  /// Listens there. A socket that nobody listens on is replaced.
  ///
  /// - Throws: `ShmError`: `busy` where another sender listens, `exists` where something else has the
  ///   name, `notPermitted`.
  init(at place: Rendezvous, _ options: StreamOptions, _ attempt: String) throws(ShmError) {
    let clock = StreamClock(options.meetingTimeout)
    for _ in 0..<1000 {
      let directory = try place.lockDirectory(
        attempt, until: clock, interrupt: options.interrupt)
      guard let bound = try Self.bind(at: place, attempt) else { continue }
      // Taken away again at once, by somebody who takes no lock: nobody would find it.
      guard let status = try? FileSystem.status(place.path) else { continue }
      let identity = RegionIdentity(status)
      _ = cshm_unlock(directory.raw)
      descriptor = bound
      self.identity = identity
      self.directory = directory
      self.place = place
      return
    }
    throw ShmError(.busy, attempt, "its directory is taken away again and again")
  }

  /// Binds the name, under the lock; nil where somebody who takes no lock has taken the directory away.
  private static func bind(
    at place: Rendezvous, _ attempt: String
  ) throws(ShmError) -> OwnedDescriptor? {
    if let status = try? FileSystem.status(place.path) {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw ShmError(.exists, attempt, "something that is no socket has the name")
      }
      switch place.listener {
      case .somebody: throw ShmError(.busy, attempt, "another sender has that stream")
      case .unknown:
        // It may be alive: only what nobody listens on, on the kernel's word, is replaced.
        throw ShmError(.busy, attempt, "whether another sender has that stream cannot be seen")
      case .nobody: break
      }
      try ShmError.saying(attempt) { () throws(Errno) in try FileSystem.unlink(place.path) }
    }
    do {
      let raw = try SystemCall.checkNegated {
        unsafe place.path.withPlatformString { unsafe cshm_listen($0, 64) }
      }
      return OwnedDescriptor(adopting: raw)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw ShmError(attempt, error)
    }
  }

  deinit {
    place.remove(identity, under: directory)
  }

  /// A receiver that has come; nil where none has, or it has gone again.
  ///
  /// - Throws: `ShmError`: `notPermitted` for one of another user, and where there is no descriptor for
  ///   it.
  func accept(_ attempt: String) throws(ShmError) -> StreamSocket? {
    let raw = cshm_accept(descriptor.raw)
    guard raw >= 0 else {
      if [EMFILE, ENFILE, ENOMEM, ENOBUFS].contains(-raw) {
        throw ShmError(attempt, Errno(rawValue: -raw))
      }
      return nil
    }
    return try StreamSocket(checking: OwnedDescriptor(adopting: raw), attempt)
  }
}
