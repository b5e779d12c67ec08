import Glibc
import Histogram
import ShmCore

/// Accesses to pages of a wired and of an unwired region that were not used for a while, in a control group whose
/// processes need more memory than it has. The host's memory does not become short.
struct PressureBench {
  let plan: BenchPlan
  let progress: BenchProgress

  /// The memory of the group, in bytes.
  static let limit = 64 << 20
  /// The bytes of each of the two regions.
  static let regionSize = 16 << 20
  /// The bytes that another process of the group writes again and again. With the wired region they fill the group.
  static let hogSize = 48 << 20
  /// How often it writes them at most until the unwired region is in swap.
  private static let passes = 16
  private static let attempt = "cannot measure under pressure"
  /// The swap that must be free. At most half of it is used.
  private static let swap = 128 << 20
  /// The memory of the host that must be available.
  private static let available = 256 << 20
  /// The longest access that is recorded, in nanoseconds.
  private static let longest: UInt64 = 60_000_000_000

  static func steps(_ plan: BenchPlan) -> Int { rounds(plan) + 1 }

  /// There is one pass only, and fewer rounds meet too few pages in swap.
  private static func rounds(_ plan: BenchPlan) -> Int { max(5, plan.rounds) }

  /// Refuses what cannot be measured here, and what was not confirmed.
  ///
  /// - Parameter isConfirmed: whether the user agrees.
  /// - Throws: `ShmError`: `notPermitted` for an ordinary user, `noSpace` without swap or memory, `usage` without the agreement.
  static func check(isConfirmed: Bool) throws(ShmError) {
    guard geteuid() == 0 else {
      throw ShmError(.notPermitted, Self.attempt, "only root can create a control group for it")
    }
    let memory = MemoryInformation.current()
    for (amount, least, name) in [
      (memory?.swapFree, swap, "swap"), (memory?.available, available, "memory"),
    ] {
      guard let amount, amount >= least else {
        throw ShmError(
          .noSpace, Self.attempt,
          "it needs \(ByteCount(least)) of free \(name), and "
            + (amount.map { "\(ByteCount($0)) is free" } ?? "the free amount is unknown"))
      }
    }
    guard isConfirmed else {
      throw ShmError(
        .usage, Self.attempt,
        """
        it makes memory short in a control group of \(ByteCount(limit)), and uses up to \
        \(ByteCount(swap / 2)) of swap
        """, remedy: "give --yes to start it")
    }
  }

  func run() throws(ShmError) -> BenchResult {
    do {
      return try measure()
    } catch  where error.kind == .peerDied {
      try SignalMask.checkPending(BenchCall.attempt)
      throw ShmError(
        .noSpace, Self.attempt,
        "the kernel ended a process of the control group, because it could not swap out enough")
    }
  }

  private func measure() throws(ShmError) -> BenchResult {
    let group = try PressureGroup(limit: Self.limit)
    let count = min(plan.roundTrips, Self.regionSize / PageMath.pageSize)
    let source = try BenchSource(size: PageMath.pageSize)
    let channel = try BenchChannel(sharing: 2 * count * MemoryLayout<UInt64>.stride)
    let results = try Mapping(of: BenchLink.region(channel.own.first?.number ?? -1))
    let prober = try start(.prober, source, channel, in: group)
    let hog = try start(.hog, source, channel, in: group)
    let empty = Histogram<UInt64>(
      highestTrackableValue: Self.longest, numberOfSignificantValueDigits: .three)
    let methods: [BenchMethod] = [.wired, .unwired]
    var whole = [Histogram<UInt64>](repeating: empty, count: methods.count)
    var medians = [[Double]](repeating: [], count: methods.count)
    for round in 0...Self.rounds(plan) {
      // The regions are idle, and then used while the other process continues.
      try pageOut(prober, by: hog)
      try hog.control.send(.send, size: Self.hogSize, count: 1)
      try prober.control.send(.send, size: Self.regionSize, count: count)
      _ = try prober.control.answer()
      _ = try hog.control.answer()
      // The first round warms up.
      if round > 0 {
        let times = try results.elements(of: UInt64.self)
        for index in methods.indices {
          var histogram = empty
          for probe in 0..<count {
            histogram.record(min(max(1, times[index * count + probe]), Self.longest))
          }
          medians[index].append(Double(histogram.median))
          whole[index].add(histogram)
        }
      }
      try progress.step()
    }
    var result = BenchResult()
    result.series = methods.indices.map { index in
      BenchSeries(
        .pressure, methods[index], size: Self.regionSize, unit: .nanoseconds,
        samples: medians[index], distribution: Distribution(of: whole[index]))
    }
    return result
  }

  /// Lets the other process write until most of the unwired region is in swap.
  ///
  /// - Throws: `ShmError` of kind `noSpace` if the kernel keeps the region in memory.
  private func pageOut(_ prober: BenchPeer, by hog: BenchPeer) throws(ShmError) {
    for _ in 0..<Self.passes {
      if try residentBytes(prober) <= Self.regionSize / 4 { return }
      try hog.control.send(.send, size: Self.hogSize, count: 1)
      _ = try hog.control.answer()
    }
    let resident = ByteCount(try residentBytes(prober))
    throw ShmError(
      .noSpace, Self.attempt,
      "under memory pressure, \(resident) of a region of \(ByteCount(Self.regionSize)) stayed in RAM"
    )
  }

  /// Marks the unwired region as not used, and asks how much of it is resident.
  private func residentBytes(_ prober: BenchPeer) throws(ShmError) -> Int {
    try prober.control.send(.receive, size: Self.regionSize, count: 1)
    return Int(truncatingIfNeeded: try prober.control.answer().sum)
  }

  /// Starts a process in the group.
  private func start(
    _ role: BenchPart.Role, _ source: borrowing BenchSource, _ channel: BenchChannel,
    in group: borrowing PressureGroup
  ) throws(ShmError) -> BenchPeer {
    let part = BenchPart(.wired, role, largest: PageMath.pageSize)
    let peer = try BenchPeer(part, source, over: channel)
    _ = try peer.control.waitForReady()
    try group.add(peer.process)
    return peer
  }
}
