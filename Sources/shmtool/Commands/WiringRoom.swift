import ShmCore

/// Whether there is room for pages that are to be wired: they are taken from everybody else.
enum WiringRoom {
  /// Refuses what cannot fit, unless forced, and warns of what takes more than half.
  ///
  /// - Parameters:
  ///   - missing: the bytes of each region that are not in RAM yet.
  ///   - force: whether what cannot fit is wanted all the same.
  /// - Throws: `ShmError`: `noSpace`, `limit`.
  static func check(_ missing: [Int], force: Bool) throws(ShmError) {
    let wanted = missing.reduce(0) { $0 &+ max(0, $1) }
    // The memlock limit is the kernel's to tell; memory and control groups end in a kill instead.
    let bounds = try WiringLimits.current().verdict.bounds.filter { $0.bound != .memlockLimit }
    guard wanted > 0, let tightest = bounds.first else { return }
    let (needs, has) = ByteCount(wanted).told(beside: ByteCount(tightest.available))
    if wanted > tightest.available, !force {
      throw ShmError(
        tightest.bound == .memory ? .noSpace : .limit,
        "cannot wire what needs \(needs) more in RAM", "\(tightest.bound.name) leaves \(has)",
        remedy: "wire less")
    }
    if wanted > tightest.available / 2 {
      Output.complain(
        """
        warning: wiring takes \(ByteCount(wanted)) of the \(ByteCount(tightest.available)) that \
        \(tightest.bound.name) leaves to everybody
        """)
    }
  }
}
