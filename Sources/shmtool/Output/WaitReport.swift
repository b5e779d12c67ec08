import ShmCore
import ShmInspection
import SystemPackage

/// What a command waited for, and what it found.
struct WaitReport: Report {
  /// The conditions. A condition that was not given is omitted.
  struct Wanted: Encodable {
    var exists: Bool?
    var size: Int?
    var growth: Int?
    var equals: RawText?
    var offset: Int?
    var used: Bool?
    var users: Int?
    var resident: Int?
    var free: Int?

    init(_ conditions: [Region.Condition]) {
      for condition in conditions {
        switch condition {
        case .created: exists = true
        case .removed: exists = false
        case .size(let bytes): size = bytes
        case .grown(let bytes): growth = bytes
        case .bytes(let bytes, let offset): (equals, self.offset) = (RawText(bytes), offset)
        case .users(1): used = true
        case .users(let count): users = count
        case .unused: used = false
        case .resident(let bytes): resident = bytes
        case .room(let bytes, _): free = bytes
        }
      }
    }
  }

  /// What the last look found. A fact that no condition needs is omitted; null if unknown, or without a region.
  struct Found: Encodable {
    let exists: Unknowable<Bool>
    let size: Unknowable<Int>
    let growth: Unknowable<Int>?
    let equals: Unknowable<Bool>?
    let used: Unknowable<Bool>?
    /// The visible processes that use the region.
    let users: [Int32]?
    let resident: Unknowable<Int>?
    let free: Unknowable<Int>?

    init(_ found: RegionWait.Found, for wanted: Wanted) {
      exists = Unknowable(found.exists)
      size = Unknowable(found.size)
      growth = wanted.growth.map { _ in Unknowable(found.growth) }
      equals = wanted.equals.map { _ in Unknowable(found.isEqual) }
      let isOfUsers = wanted.used != nil || wanted.users != nil
      used = isOfUsers ? Unknowable(found.use.flatMap(\.isUsed)) : nil
      let processes: [Int32] = if case .used(let seen)? = found.use { seen } else { [] }
      users = isOfUsers ? processes : nil
      resident = wanted.resident.map { _ in Unknowable(found.resident) }
      free = wanted.free.map { _ in
        Unknowable(found.room.flatMap { $0.room.unknowns.isEmpty ? $0.room.available : nil })
      }
    }
  }

  let action = "wait"
  /// null if no condition concerns a region.
  let region: Unknowable<RawText>
  /// The directory for new regions; omitted if no condition concerns it.
  let path: RawText?
  /// Whether all conditions held.
  let met: Bool
  let wanted: Wanted
  let found: Found
  let seconds: Double

  init(_ goal: WaitGoal, _ found: RegionWait.Found, isMet: Bool, nanoseconds: Int) {
    region = Unknowable(goal.region.map { RawText($0) })
    path = goal.directory.map { RawText($0.bytes) }
    met = isMet
    wanted = Wanted(goal.conditions)
    self.found = Found(found, for: wanted)
    seconds = Double(nanoseconds) / 1e9
  }

  func text(_ style: TextStyle) -> String { "" }
}
