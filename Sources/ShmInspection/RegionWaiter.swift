import Glibc
public import ShmCore
import SystemPackage

/// Waits until something is true of a region.
///
/// ```swift
/// try RegionWaiter.wait(for: .created, of: RegionReference("cache"), milliseconds: 5000)
/// ```
public struct RegionWaiter: Sendable {
  /// What is waited for.
  public enum Condition: Sendable {
    /// It exists.
    case created
    /// Its name is gone.
    case removed
    /// It exists and holds as many bytes, or more.
    case size(Int)
    /// It exists and these bytes stand at the offset.
    case bytes([UInt8], at: Int)
  }

  /// Waits. A name that comes or goes is told by the kernel at once; a size and bytes are looked at
  /// every 10 ms, for nothing tells of a store. inotify(7)
  ///
  /// - Parameters:
  ///   - condition: what is waited for.
  ///   - reference: a POSIX name or a path; for bytes and size a descriptor as well.
  ///   - timeout: the longest wait; nil for no limit.
  /// - Throws: `ShmError`: `timedOut`, and what opening the region throws, but for `notFound`.
  public static func wait(
    for condition: Condition, of reference: RegionReference, timeout: Duration? = nil
  ) throws(ShmError) {
    let deadline = Deadline(after: timeout)
    // Watched before it is looked at: what happens in between is not missed.
    var watch = DirectoryWatch(of: reference)
    while true {
      if watch.isStale { watch = DirectoryWatch(of: reference) }
      if try holds(condition, of: reference) { return }
      if let limit = deadline.passed {
        throw ShmError(
          .timedOut, "cannot wait longer for \(reference.quoted)",
          "\(condition.words) has not come about in \(Clock.text(limit))")
      }
      // A directory above that is moved tells nothing.
      let most = condition.isTold && watch.raw != nil ? Duration.seconds(1) : .milliseconds(10)
      let step = min(deadline.left ?? most, most)
      try pause(watch.raw, step)
    }
  }

  private static func pause(_ watch: CInt?, _ timeout: Duration) throws(ShmError) {
    try ShmError.saying("cannot wait") { () throws(Errno) in
      let ready = try Polling.wait(for: watch.map { [$0] } ?? [], timeout: timeout)
      guard let watch, ready.first == true else { return }
      // What happened does not matter: the region is looked at anew.
      var events = [UInt8](repeating: 0, count: 4096)
      try unsafe events.withUnsafeMutableBufferPointer { (buffer) throws(Errno) -> Void in
        _ = try unsafe OwnedDescriptor.read(watch, into: UnsafeMutableRawBufferPointer(buffer))
      }
    }
  }

  private static func holds(
    _ condition: Condition, of reference: RegionReference
  ) throws(ShmError) -> Bool {
    do {
      switch condition {
      case .created:
        _ = try Region.open(reference, access: .status)
        return true
      case .removed:
        _ = try Region.open(reference, access: .status)
        return false
      case .size(let size):
        return try Region.open(reference, access: .status).status().size >= size
      case .bytes(let bytes, let offset):
        return try hold(bytes, at: offset, in: try Region.open(reference, access: .readOnly))
      }
    } catch {
      guard error.kind == .notFound else { throw error }
      if case .removed = condition { return true }
      return false
    }
  }

  private static func hold(
    _ bytes: [UInt8], at offset: Int, in region: borrowing Region
  ) throws(ShmError) -> Bool {
    var actual = [UInt8](repeating: 0, count: bytes.count)
    let count = try unsafe actual.withUnsafeMutableBufferPointer {
      (buffer) throws(ShmError) -> Int in
      try unsafe region.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    return count == bytes.count && actual == bytes
  }
}

extension RegionWaiter.Condition {
  /// Whether a name that comes or goes is all of it.
  fileprivate var isTold: Bool {
    switch self {
    case .created, .removed: true
    case .size, .bytes: false
    }
  }

  fileprivate var words: String {
    switch self {
    case .created: "its creation"
    case .removed: "its removal"
    case .size(let size): "a size of \(ByteCount(size))"
    case .bytes(let bytes, let offset): "the value of \(bytes.count) bytes at \(offset)"
    }
  }
}
