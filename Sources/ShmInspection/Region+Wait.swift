public import ShmCore
public import SystemPackage

extension Region {
  /// The condition to wait for.
  public enum Condition: Hashable, Sendable {
    /// It exists.
    case created
    /// No region has the name.
    case removed
    /// It exists and has at least that many bytes.
    case size(Int)
    /// It has at least that many bytes more than at the start of the wait; before its creation it has 0 bytes.
    case grown(by: Int)
    /// It exists and has these bytes at the offset.
    case bytes([UInt8], at: Int)
    /// At least that many other processes have it mapped or open. Only processes that this process may inspect count.
    case users(atLeast: Int)
    /// It is proved that no other process has it mapped or open.
    case unused
    /// At least that many of its bytes are in RAM.
    case resident(Int)
    /// A region of that many bytes could be created in the directory, see `RoomAnswer`.
    case room(Int, in: FilePath)
  }

  /// Waits for a condition of a region. `RegionWait` waits for several conditions, and reports what it found.
  ///
  /// ```swift
  /// try Region.wait(for: .created, of: RegionReference("cache"), timeout: .seconds(5))
  /// ```
  ///
  /// - Parameters:
  ///   - condition: the condition to wait for.
  ///   - reference: a POSIX name, a path or a descriptor.
  ///   - timeout: the longest wait; nil for no limit.
  /// - Throws: `ShmError`, as `RegionWait.run(timeout:)`.
  public static func wait(
    for condition: Condition, of reference: RegionReference, timeout: Duration? = nil
  ) throws(ShmError) {
    var wait = RegionWait(for: [condition], of: reference)
    try wait.run(timeout: timeout)
  }
}

extension Region.Condition {
  /// Whether it concerns the region that has the name when the wait finds it first, not a later region of that name.
  var isOfOneRegion: Bool {
    switch self {
    case .grown, .users, .unused, .resident: true
    case .created, .removed, .size, .bytes, .room: false
    }
  }

  /// Whether it concerns the processes that use the region.
  var isOfUsers: Bool {
    switch self {
    case .users, .unused: true
    default: false
    }
  }
}
