import ShmCore

/// One mapping with what is wired of it.
final class HeldMapping {
  var mapping: Mapping
  private(set) var wiring: Mapping.WiringReport?
  /// Why less than all is wired.
  private(set) var failure: ShmError?

  init(_ mapping: consuming Mapping) {
    self.mapping = mapping
  }

  /// The bytes that wiring it is charged for: huge pages are not counted.
  var charge: Int {
    guard mapping.pageSize == PageMath.pageSize else { return 0 }
    return PageMath.roundUp(mapping.count) ?? mapping.count
  }

  func wire(
    _ policy: WiringPolicy, following: Int, progress: (Int) -> Bool
  ) throws(ShmError) {
    let attempt = mapping.wiringAttempt()
    guard !policy.acceptsLess else {
      var stopped: WiringFailure?
      wiring = mapping.wireBestEffort(nil, policy.time, failure: &stopped, progress: progress)
      failure = stopped?.error(attempt)
      return
    }
    do {
      wiring = try mapping.tryWire(nil, policy.time, progress: progress)
    } catch {
      throw error.error(attempt, following: following)
    }
  }

  /// What of it is wired, in a region of that name; nil where wiring was not asked for.
  func row(_ reference: RegionReference) -> WireReport.Row? {
    wiring.map {
      WireReport.Row(
        reference, $0, isUnswappable: mapping.isInherentlyUnswappable, failure: failure)
    }
  }
}
