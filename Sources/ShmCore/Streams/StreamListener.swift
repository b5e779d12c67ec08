import CShm
import Glibc
import SystemPackage

/// The sender's side of a rendezvous: it listens, and its name goes when it ends.
struct StreamListener: ~Copyable {
  let descriptor: OwnedDescriptor
  private let place: Rendezvous
  private let identity: RegionIdentity

  /// Listens there. A socket that nobody listens on is replaced.
  ///
  /// - Throws: `ShmError`: `busy` where another sender listens, `exists` where something else has the
  ///   name, `notPermitted`.
  init(at place: Rendezvous, _ attempt: String) throws(ShmError) {
    let lock = try place.lockDirectory(attempt)
    defer { withExtendedLifetime(lock) {} }
    if let status = try? FileSystem.status(place.path) {
      guard status.st_mode & S_IFMT == S_IFSOCK else {
        throw ShmError(.exists, attempt, "something that is no socket has the name")
      }
      if case .somebody = place.listener {
        throw ShmError(.busy, attempt, "another sender has that stream")
      }
      try ShmError.saying(attempt) { () throws(Errno) in try FileSystem.unlink(place.path) }
    }
    let path = place.path
    let listening = try ShmError.saying(attempt) { () throws(Errno) in
      OwnedDescriptor(
        adopting: try SystemCall.checkNegated {
          unsafe path.withPlatformString { unsafe cshm_listen($0, 64) }
        })
    }
    let bound = try ShmError.saying(attempt) { () throws(Errno) in
      RegionIdentity(try FileSystem.status(path))
    }
    descriptor = listening
    identity = bound
    self.place = place
  }

  deinit {
    place.remove(identity)
  }

  /// A receiver that has come, or nil.
  func accept(_ attempt: String) throws(ShmError) -> StreamSocket? {
    let raw = cshm_accept(descriptor.raw)
    guard raw >= 0 else { return nil }
    return try StreamSocket(checking: OwnedDescriptor(adopting: raw), attempt)
  }
}
