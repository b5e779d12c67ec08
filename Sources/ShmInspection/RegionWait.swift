import Glibc
public import ShmCore
import SystemPackage

/// A wait for conditions of a region, until all hold in the same look at it.
///
/// The kernel reports events of names, sizes, opens and closes (inotify), and of the end of a process (pidfd). It does
/// not report stores to memory, pages that become resident, and memory that becomes free. A wait for these looks again
/// in an interval: 1 % of the time that was waited, at least 10 ms and at most 100 ms. If a look takes long, the
/// interval is 50 times as long as the look, so that a wait takes at most 2 % of a processor. A wait for events looks
/// once a second, too.
///
/// Growth, users and resident bytes concern the region that has the name when the wait finds it first. If that region
/// is removed or replaced, the wait fails. The other conditions concern the region that has the name at each look.
///
/// ```swift
/// var wait = RegionWait(for: [.size(1 << 20), .users(atLeast: 2)], of: try RegionReference("cache"))
/// try wait.run(timeout: .seconds(5))
/// print(wait.found.size ?? 0)
/// ```
public struct RegionWait: Sendable {
  /// The facts that a look found. A fact is nil if no condition needs it, or if it is unknown.
  public struct Found: Sendable {
    /// Whether the region exists.
    public internal(set) var exists: Bool?
    /// The size of the region in bytes; nil also if it does not exist.
    public internal(set) var size: Int?
    /// The bytes that were added since the start of the wait.
    public internal(set) var growth: Int?
    /// Whether the expected bytes are in the region.
    public internal(set) var isEqual: Bool?
    /// The use of the region by other processes.
    public internal(set) var use: RegionUse?
    /// The bytes of the region that are in RAM.
    public internal(set) var resident: Int?
    /// The room for new regions.
    public internal(set) var room: RoomAnswer?
  }

  /// The conditions, all of which must hold.
  public let conditions: [Region.Condition]
  /// The region; nil if no condition concerns a region.
  public let reference: RegionReference?
  /// The facts that the last look found.
  public internal(set) var found = Found()

  /// The region that the last look found; nil without one.
  var known: RegionStatus?
  /// Whether a region was found in an earlier look.
  var wasFound = false
  /// The size at the start of the wait, for growth.
  var firstSize: Int?
  /// Whether the last look opened the region, so that the kernel reports an event of this process.
  var didOpen = false

  /// A wait that begins with `run`.
  ///
  /// - Parameters:
  ///   - conditions: all of these must hold. Without a condition the wait ends at once.
  ///   - reference: a POSIX name, a path or a descriptor; nil if no condition concerns a region.
  public init(for conditions: [Region.Condition], of reference: RegionReference?) {
    self.conditions = conditions
    self.reference = reference
  }

  /// Waits until all conditions hold.
  ///
  /// - Parameter timeout: the longest wait; nil for no limit.
  /// - Throws: `ShmError`: `timedOut`; `notFound` if the region was removed or replaced and a condition concerns this
  ///   region; `answerUnknown` if the kernel does not show this process whether a condition holds; the errors of opening the
  ///   region, except `notFound`.
  public mutating func run(timeout: Duration? = nil) throws(ShmError) {
    let deadline = Deadline(after: timeout)
    let start = Clock.nanoseconds
    var watch = RegionWatch(of: reference, users: conditions.contains(where: \.isOfUsers))
    while true {
      // The watch starts before the look, so that no event is missed.
      watch.prepare()
      let isLast = deadline.hasPassed
      let begin = Clock.nanoseconds
      if try look(completely: isLast) { return }
      if let limit = deadline.passed, isLast {
        throw ShmError(
          .timedOut, attempt, "timed out after \(Clock.text(limit)) (waiting for \(words))")
      }
      if watch.follow(known?.identity, usedBy: awaitedProcess) { continue }
      let end = Clock.nanoseconds
      let pace = WaitPace(waited: end - start, look: end - begin)
      // A look that opened the region has caused an event itself.
      let isBlind = didOpen && watch.seesOpening
      let isTold = !isBlind && conditions.allSatisfy { watch.reports($0, ofExisting: known != nil) }
      try watch.wait(
        isTold ? pace.whenTold : pace.interval, butAtLeast: isBlind ? pace.interval : pace.shortest,
        until: deadline, attempt)
    }
  }

  /// The process whose end is awaited: the first user if the region must become unused.
  private var awaitedProcess: Int32? {
    guard conditions.contains(.unused), case .used(let users)? = found.use else { return nil }
    return users.first
  }
}
