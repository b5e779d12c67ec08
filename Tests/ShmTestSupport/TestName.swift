import Glibc
public import ShmCore
import Synchronization

/// A region's name that no other test has, taken away when the test ends.
public final class TestName: Sendable, CustomStringConvertible {
  /// The name, without a slash.
  public let name: String

  private static let next = Atomic<Int>(0)

  /// A fresh name; nothing is created.
  public init(_ label: String = "t") {
    let number = Self.next.wrappingAdd(1, ordering: .relaxed).oldValue
    name = "shmtool-test-\(getpid())-\(number)-\(label)"
  }

  deinit {
    _ = unsafe shm_unlink("/" + name)
  }

  /// The name itself.
  public var description: String { name }

  /// The path of the object.
  public var path: String { "/dev/shm/\(name)" }

  /// The reference of the POSIX object.
  public var reference: RegionReference {
    get throws { try RegionReference(name) }
  }

  /// Whether an object of that name exists.
  public var exists: Bool { unsafe access(path, F_OK) == 0 }
}
