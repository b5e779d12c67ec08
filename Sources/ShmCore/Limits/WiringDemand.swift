/// What wiring some pages needs of the limits on memory.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .readOnly)
/// let mapping = try Mapping(of: region, protection: .readOnly)
/// let demand = try mapping.wiringDemand()
/// if let refusal = try WiringLimits.current().verdict.refusing(demand) {
///   print(refusal.candidate.bound.name, refusal.needed)
/// }
/// ```
public struct WiringDemand: Hashable, Sendable {
  /// The bytes that have no memory yet.
  public var missing: Int
  /// The bytes that have memory which the kernel could take back now and could not afterwards: the page
  /// cache of files on disks. The kernel counts them as available, and they are the pages themselves.
  public var cached: Int

  /// Pages of both kinds, in bytes.
  public init(missing: Int = 0, cached: Int = 0) {
    self.missing = missing
    self.cached = cached
  }

  /// Both together.
  public static func + (left: WiringDemand, right: WiringDemand) -> WiringDemand {
    WiringDemand(
      missing: left.missing &+ max(0, right.missing), cached: left.cached &+ max(0, right.cached))
  }

  /// What of a limit is needed, in bytes. Pages that are cached already may be charged elsewhere: no more
  /// of them are counted than the limit has of such pages.
  public func bytes(of candidate: WiringVerdict.Candidate) -> Int {
    missing &+ min(cached, candidate.reclaimable)
  }
}
