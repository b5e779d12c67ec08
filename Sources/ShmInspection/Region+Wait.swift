import Glibc
public import ShmCore
import SystemPackage

extension Region {
  /// The condition to wait for.
  public enum Condition: Sendable {
    /// It exists.
    case created
    /// Its name was removed.
    case removed
    /// It exists and has at least that many bytes.
    case size(Int)
    /// It exists and has these bytes at the offset.
    case bytes([UInt8], at: Int)
  }

  /// Waits for a condition of a region. The kernel reports the creation and the removal of a name at once. The size and
  /// the bytes are checked every 10 ms, because the kernel does not report stores. inotify(7)
  ///
  /// ```swift
  /// try Region.wait(for: .created, of: RegionReference("cache"), timeout: .seconds(5))
  /// ```
  ///
  /// - Parameters:
  ///   - condition: the condition to wait for.
  ///   - reference: a POSIX name or a path; for bytes and size also a descriptor.
  ///   - timeout: the longest wait; nil for no limit.
  /// - Throws: `ShmError`: `timedOut`, and the errors of opening the region, except `notFound`.
  public static func wait(
    for condition: Condition, of reference: RegionReference, timeout: Duration? = nil
  ) throws(ShmError) {
    let deadline = Deadline(after: timeout)
    // The watch starts before the check, so that no event is missed.
    var watch = DirectoryWatch(of: reference)
    while true {
      if watch.isStale { watch = DirectoryWatch(of: reference) }
      if try holds(condition, of: reference) { return }
      if let limit = deadline.passed {
        throw ShmError(
          .timedOut, "cannot wait for \(reference.quoted)",
          "timed out after \(Clock.text(limit)) (waiting for \(condition.words))")
      }
      // The rename of a parent directory sends no event.
      let most = condition.isTold && watch.raw != nil ? Duration.seconds(1) : .milliseconds(10)
      let step = min(deadline.left ?? most, most)
      try pause(watch.raw, step)
    }
  }

  private static func pause(_ watch: CInt?, _ timeout: Duration) throws(ShmError) {
    do throws(Errno) {
      let ready = try Waiter.wait(for: watch.map { [$0] } ?? [], timeout: timeout)
      guard let watch, ready.first == true else { return }
      // The kind of event does not matter, because the region is checked again.
      var events = [UInt8](repeating: 0, count: 4096)
      try unsafe events.withUnsafeMutableBufferPointer { (buffer) throws(Errno) -> Void in
        _ = try unsafe OwnedDescriptor.read(watch, into: UnsafeMutableRawBufferPointer(buffer))
      }
    } catch {
      throw ShmError("cannot wait", error)
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

extension Region.Condition {
  /// Whether the condition depends only on the creation or removal of a name.
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
