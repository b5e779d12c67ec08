import ShmCore

/// Whether there is room for pages that are to be wired: they are taken from everybody else.
enum WiringRoom {
  /// Refuses what cannot fit, unless forced, and warns of what takes more than half.
  ///
  /// - Parameters:
  ///   - charge: the bytes that are to be wired. If these alone have room, nothing else is looked at.
  ///   - force: whether what cannot fit is wanted all the same.
  ///   - isSilent: whether no warning is given.
  ///   - demand: what the pages need.
  /// - Throws: `ShmError`: `noSpace`, `limit`.
  static func check(
    charge: Int, force: Bool, isSilent: Bool = false, demand: () throws(ShmError) -> WiringDemand
  ) throws(ShmError) {
    let limits = try WiringLimits.current()
    try checkFilter(limits)
    let verdict = limits.verdict
    // The memlock limit is the kernel's to tell; memory and control groups end in a kill instead.
    let bounds = verdict.bounds.filter { $0.bound != .memlockLimit }
    if bounds.allSatisfy({ charge <= $0.available / 2 }) { return }
    let demand = try demand()
    if let (tightest, needed) = verdict.refusing(demand), !force {
      let (needs, has) = ByteCount(needed).told(beside: ByteCount(tightest.available))
      throw ShmError(
        tightest.bound == .memory ? .noSpace : .limit,
        "cannot wire what needs \(needs) more in RAM", "\(tightest.bound.name) leaves \(has)",
        remedy: "wire less")
    }
    guard !isSilent,
      let most = bounds.first(where: { demand.bytes(of: $0) > $0.available / 2 })
    else { return }
    Output.complain(
      """
      warning: wiring takes \(ByteCount(demand.bytes(of: most))) of the \(ByteCount(most.available)) \
      that \(most.bound.name) leaves to everybody
      """)
  }

  /// The most that may be brought into RAM if less than all is accepted; nil if there is room for all, or
  /// if no bound is known. Some is left for what the process itself and its page tables take: at the limit
  /// of a control group the kernel kills.
  ///
  /// - Parameters:
  ///   - charge: the bytes that are to be wired. If these alone have room, nothing else is looked at.
  ///   - demand: what the pages need.
  /// - Returns: bytes.
  /// - Throws: `ShmError`
  static func most(
    charge: Int, demand: () throws(ShmError) -> WiringDemand
  ) throws(ShmError) -> Int? {
    let limits = try WiringLimits.current()
    try checkFilter(limits)
    let verdict = limits.verdict
    let bounds = verdict.bounds.filter { $0.bound != .memlockLimit }
    if bounds.allSatisfy({ charge <= $0.available / 2 }) { return nil }
    guard verdict.refusing(try demand()) != nil else { return nil }
    return bounds.first.map { max(0, $0.available - max(1 << 20, $0.available / 16)) }
  }

  /// Some filters of system calls end the process without a word.
  private static func checkFilter(_ limits: WiringLimits) throws(ShmError) {
    guard limits.isFiltered == true, WiringProbe.isFatal else { return }
    throw ShmError(
      .notPermitted, "cannot wire anything",
      "a system call filter (seccomp) ends each process that calls mlock",
      shortage: LimitShortage(.systemCallFilter, needed: nil))
  }
}
