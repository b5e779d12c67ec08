import ShmCore
import ShmInspection

/// A region that a command holds mapped or wired, and checks regularly. It is a class because arrays cannot hold
/// noncopyable values.
final class HeldRegion {
  let reference: RegionReference
  private(set) var region: Region
  private var mappings: [HeldMapping] = []
  /// The requested ranges; empty for the whole region.
  private let ranges: [ByteRange]
  /// The requested ranges in whole pages of the region, in the same order.
  private var asked: [Range<Int>] = []
  private(set) var identity: RegionIdentity
  private var size: Int
  /// The owner at the first opening. A region of another user is not followed.
  private let owner: UInt32
  /// Whether the removal of the region has been reported: each change is reported once.
  private var isRemovalReported = false
  /// The reported change that could not be followed yet.
  private var pending: (identity: RegionIdentity, size: Int)?
  private var nextTry = 0
  /// The failure of the last check.
  private var complaint: ShmError?

  /// Takes ownership of an open region.
  init(_ region: consuming Region, ranges: [ByteRange] = []) throws(ShmError) {
    let status = try region.status()
    reference = region.reference
    identity = status.identity
    size = status.size
    owner = status.owner
    self.ranges = ranges
    self.region = region
  }

  /// Opens a region for wiring, read-only. If it were open for writing, a running executable could not be wired, and a
  /// wired executable could not be run. Moreover, overlayfs would copy the file, and the copy would be wired.
  static func openForWiring(_ reference: RegionReference) throws(ShmError) -> Region {
    try Region.open(reference, access: .readOnly)
  }

  /// Maps the whole region.
  func map(
    sharing: Mapping.Sharing, protection: Mapping.Protection, at address: UInt?
  ) throws(ShmError) {
    mappings.append(
      HeldMapping(
        try Mapping(of: region, sharing: sharing, protection: protection, at: address)))
  }

  /// Faults every page in.
  func populate(mayExceedMemory: Bool) throws(ShmError) {
    for held in mappings { try held.mapping.populate(mayExceedMemory: mayExceedMemory) }
  }

  /// Refuses to populate regions that together exceed the available memory, before the first is populated.
  static func requireRoom(toPopulate regions: [HeldRegion]) throws(ShmError) {
    guard regions.count > 1 else { return }
    var wanted = 0
    for region in regions {
      for held in region.mappings {
        let demand = held.mapping.populationDemand()
        wanted = wanted.addingReportingOverflow(demand.shared &+ demand.own).partialValue
      }
    }
    try MemoryRoom.require(wanted, "cannot populate \(regions.count) regions")
  }

  /// Maps the ranges in whole pages, without wiring them. Ranges that overlap or touch share a mapping, because each
  /// mapping is charged for its pages.
  func mapRanges() throws(ShmError) {
    let status = try region.status()
    if ranges.isEmpty {
      mappings.append(HeldMapping(try Mapping(of: region, protection: .readOnly)))
    }
    var union = RangeSet<Int>()
    for range in ranges {
      let bytes = try range.resolved(ofSize: status.size, "cannot wire \(reference.quoted)")
      let pages = PageMath.outward(bytes, to: status.pageSize).clamped(to: 0..<status.size)
      asked.append(pages)
      union.insert(contentsOf: pages)
    }
    for pages in union.ranges {
      mappings.append(
        HeldMapping(try Mapping(of: region, range: pages, protection: .readOnly)))
    }
  }

  /// The demand of wiring the regions on the limits on memory.
  static func demand(of regions: [HeldRegion]) throws(ShmError) -> WiringDemand {
    var demand = WiringDemand()
    for region in regions {
      for held in region.mappings { demand = demand + (try held.mapping.wiringDemand()) }
    }
    return demand
  }

  /// The mapped bytes.
  var mapped: Int { mappings.reduce(0) { $0 &+ $1.mapping.count } }

  /// The wired part of each mapping.
  var wiring: [Mapping.WiringReport] { mappings.compactMap(\.wiring) }

  /// The bytes that wiring is charged for.
  var charge: Int { mappings.reduce(0) { $0 + $1.charge } }

  /// The bytes of holes that wiring allocates. Swapped pages are allocated already.
  func holes() throws(ShmError) -> Int {
    let status = try region.status()
    let all = max(0, (PageMath.roundUp(status.size) ?? status.size) - status.allocated)
    if all == 0 { return 0 }
    return min(all, mappings.reduce(0) { $0 &+ $1.mapping.populationDemand().shared })
  }

  /// Regions in the words of an error.
  static func subject(_ regions: [HeldRegion]) -> String {
    regions.count == 1 ? regions[0].reference.quoted : "\(regions.count) regions"
  }

  /// Wires the mappings. `following` is the charge of the regions that are wired after this region.
  func wire(
    _ policy: inout WiringPolicy, following: Int = 0, progress: (Int) -> Bool
  ) throws(ShmError) {
    var before = 0
    var left = charge + following
    for held in mappings {
      let sum = before
      left -= held.charge
      try held.wire(&policy, following: left) { progress(sum + $0) }
      before += held.mapping.count
    }
  }

  /// Notices that the region was resized, removed or replaced, and reports it; wires it again
  /// if `follow` is set. Failures are reported, too, and end nothing: CMD continues to run, and
  /// what is wired stays.
  func tend(_ policy: WiringPolicy, follow: Bool, force: Bool) {
    do throws(ShmError) {
      try notice(policy, follow: follow, force: force)
      // Waits for the time of the next attempt.
      if pending == nil { complaint = nil }
    } catch {
      // The same error is reported once, although its figures change with each check.
      if complaint?.attempt != error.attempt || complaint?.kind != error.kind {
        Output.complain(error)
      }
      complaint = error
      // Wiring again can take long, so it is not tried at every check.
      nextTry = Clock.nanoseconds + 1_000_000_000
    }
  }

  private func notice(_ policy: WiringPolicy, follow: Bool, force: Bool) throws(ShmError) {
    guard let named = try currentName() else {
      if !isRemovalReported {
        Output.complain("\(reference.quoted) was removed; its pages stay wired")
      }
      isRemovalReported = true
      return
    }
    let now = named.status.size
    guard named.status.identity != identity || now != size || pending != nil else { return }
    let known = pending ?? (identity, size)
    let isNews = pending.map { $0 != (named.status.identity, now) } ?? true
    let isForeign = named.status.owner != owner
    let follow = follow && !isForeign
    if isNews {
      let what =
        named.status.identity != known.identity
        ? "was replaced" : "was resized from \(ByteCount(known.size)) to \(ByteCount(now))"
      let stays =
        isForeign
        ? """
        it belongs to uid \(named.status.owner) instead of uid \(owner), so it is not followed; the old \
        pages stay wired
        """ : "the wired pages stay wired"
      Output.complain("\(reference.quoted) \(what); \(follow ? "wiring it again" : stays)")
      pending = (named.status.identity, now)
      complaint = nil
    }
    isRemovalReported = false
    if follow {
      // The failure can be temporary: the change counts as handled only after a later attempt succeeds.
      guard isNews || Clock.nanoseconds >= nextTry else { return }
      try rewire(policy, mayRelease: isNews, force: force)
    }
    identity = named.status.identity
    size = now
    pending = nil
  }

  /// The new pages are wired before the old ones are released, unless there is no room for both.
  private func rewire(
    _ policy: WiringPolicy, mayRelease: Bool, force: Bool
  ) throws(ShmError) {
    let fresh = try HeldRegion(try Self.openForWiring(reference), ranges: ranges)
    try fresh.checkFollowing(owner)
    try fresh.mapRanges()
    var policy = policy
    try fresh.checkRoomToFollow(force: force)
    do {
      if policy.acceptsLess { try unwire() }
      try fresh.wire(&policy, progress: Self.goOn)
    } catch {
      guard error.kind == .limit, mayRelease else { throw error }
      try unwire()
      do {
        try fresh.wire(&policy, progress: Self.goOn)
      } catch {
        var before = WiringPolicy(acceptsLess: true)
        try wire(&before, progress: Self.goOn)
        throw error
      }
    }
    mappings = fresh.mappings
    asked = fresh.asked
    swap(&region, &fresh.region)
    let wired = mappings.reduce(0) { $0 + ($1.wiring?.wired ?? 0) }
    Output.complain("wired \(ByteCount(wired)) of \(reference.quoted) again")
  }

  /// Refuses a region of another user, which may have replaced the region since the check.
  private func checkFollowing(_ wanted: UInt32) throws(ShmError) {
    if owner != wanted {
      throw ShmError(
        .notPermitted, "cannot follow \(reference.quoted)",
        "it belongs to uid \(owner) instead of uid \(wanted); the old pages stay wired")
    }
  }

  /// Refuses a size that exceeds the available memory or the limit of a control group.
  private func checkRoomToFollow(force: Bool) throws(ShmError) {
    let subject = Self.subject([self])
    do {
      try WiringRoom.check(
        subject, charge: charge, force: force, isSilent: true
      ) { () throws(ShmError) in
        try Self.demand(of: [self])
      }
      if !force { try WiringRoom.checkHoles(subject, of: [self]) }
    } catch {
      throw ShmError(
        error.kind, "cannot follow \(subject) to \(ByteCount(size))",
        "\(error.reason); the old pages stay wired")
    }
  }

  private func unwire() throws(ShmError) {
    for held in mappings { try held.mapping.unwire() }
  }

  private static func goOn(_ done: Int) -> Bool { !SignalMask.isTerminationPending }

  private func currentName() throws(ShmError) -> (status: RegionStatus, Void)? {
    do {
      return (try Region.open(reference, access: .status).status(), ())
    } catch {
      guard error.kind == .notFound else { throw error }
      return nil
    }
  }

  /// Where it is mapped.
  var mapRows: [MapReport.Row] { mappings.map { MapReport.Row(reference, $0.mapping) } }

  /// The wired ranges, one row for each requested range, with the name that the user gave.
  func wireRows(as reference: RegionReference) -> [WireReport.Row] {
    guard let first = mappings.first else { return [] }
    // Computed once for all rows, because it reads the table of mounts.
    let isUnswappable = first.mapping.isInherentlyUnswappable
    if asked.isEmpty {
      return mappings.compactMap { $0.row(reference, isUnswappable: isUnswappable) }
    }
    // By the end of each mapping; they do not overlap.
    return asked.compactMap { range in
      var low = 0
      var high = mappings.count
      while low < high {
        let middle = (low + high) / 2
        if mappings[middle].mapping.range.upperBound <= range.lowerBound {
          low = middle + 1
        } else {
          high = middle
        }
      }
      guard low < mappings.count else { return nil }
      let pages = PageMath.outward(range, to: mappings[low].mapping.pageSize)
      return mappings[low].row(reference, pages, isUnswappable: isUnswappable)
    }
  }

  /// The processes that have other pages of the same file.
  var divergedUsers: [DivergedUser] {
    mappings.first.map { DivergedUser.users(of: $0.mapping) } ?? []
  }
}
