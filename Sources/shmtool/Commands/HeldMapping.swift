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

  func wire(_ policy: WiringPolicy, progress: (Int) -> Bool) throws(ShmError) {
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
      throw error.error(attempt)
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
