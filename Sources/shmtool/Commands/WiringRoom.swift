import ShmCore

/// Checks whether there is room to wire pages, which no other program can use meanwhile.
enum WiringRoom {
  /// Refuses a demand that exceeds the room, unless forced, and warns if it takes more than half.
  ///
  /// - Parameters:
  ///   - subject: the regions, for errors.
  ///   - charge: the bytes that are to be wired. If there is room for all of them, `demand` is not called.
  ///   - force: whether to wire what exceeds the limits.
  ///   - isSilent: whether no warning is given.
  ///   - demand: what the pages need.
  /// - Throws: `ShmError`: `noSpace`, `limit`.
  static func check(
    _ subject: String, charge: Int, force: Bool, isSilent: Bool = false,
    demand: () throws(ShmError) -> WiringDemand
  ) throws(ShmError) {
    let limits = try WiringLimits.current()
    try checkFilter(limits)
    let verdict = limits.verdict
    // The kernel enforces the memlock limit with an error, but memory and control groups with a kill.
    let bounds = verdict.bounds.filter { $0.bound.endsProcesses }
    if bounds.allSatisfy({ charge <= $0.available / 2 }) { return }
    let demand = try demand()
    if let refusal = verdict.refusing(demand), !force {
      let (tightest, needed) = (refusal.candidate, refusal.needed)
      let (needs, has) = ByteCount(needed).distinguished(from: ByteCount(tightest.available))
      throw ShmError(
        tightest.bound == .memory ? .noSpace : .limit, "cannot wire \(subject)",
        "needs \(needs) more in RAM, but \(tightest.bound.name) leaves \(has)",
        shortage: limits.shortage(tightest, for: needed))
    }
    guard !isSilent,
      let most = bounds.first(where: { demand.bytes(of: $0) > $0.available / 2 })
    else { return }
    Output.complain(
      """
      warning: wiring \(subject) takes \(ByteCount(demand.bytes(of: most))) of the \
      \(ByteCount(most.available)) that \(most.bound.name) leaves
      """)
  }

  /// The maximum number of bytes to fault in if a partial result is accepted; nil if everything fits, or if no limit is
  /// known. It leaves some room for the process itself and its page tables, because at the limit of a control
  /// group the kernel kills the process.
  ///
  /// - Parameters:
  ///   - charge: the bytes that are to be wired. If there is room for all of them, `demand` is not called.
  ///   - demand: what the pages need.
  /// - Returns: bytes.
  /// - Throws: `ShmError`
  static func most(
    charge: Int, demand: () throws(ShmError) -> WiringDemand
  ) throws(ShmError) -> Int? {
    let limits = try WiringLimits.current()
    try checkFilter(limits)
    let verdict = limits.verdict
    let bounds = verdict.bounds.filter { $0.bound.endsProcesses }
    if bounds.allSatisfy({ charge <= $0.available / 2 }) { return nil }
    guard verdict.refusing(try demand()) != nil else { return nil }
    return bounds.first.map { max(0, $0.available - max(3 << 20, $0.available / 16)) }
  }

  /// Checks the room for memory that is locked when it is touched. Without room, mmap(2) fails with EAGAIN, which
  /// does not name the limit.
  static func checkLocked(_ bytes: Int, _ attempt: String) throws(ShmError) {
    let answer = WiringAnswer(try WiringLimits.current(), need: bytes)
    guard answer.isYes == false, let refusing = answer.refusing else { return }
    throw ShmError(
      .limit, attempt,
      "needs \(ByteCount(bytes)), but \(refusing.bound.name) leaves \(ByteCount(refusing.available))",
      shortage: answer.shortage)
  }

  /// Some system call filters kill the process instead of refusing the call.
  private static func checkFilter(_ limits: WiringLimits) throws(ShmError) {
    guard limits.isFiltered == true, WiringProbe.isFatal else { return }
    throw ShmError(
      .notPermitted, "cannot wire memory",
      "a system call filter (seccomp) kills each process that calls mlock",
      shortage: LimitShortage(.systemCallFilter, needed: nil))
  }
}
