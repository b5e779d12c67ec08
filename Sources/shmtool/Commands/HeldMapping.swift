import ShmCore

/// A mapping and its wired part.
final class HeldMapping {
  var mapping: Mapping
  private(set) var wiring: Mapping.WiringReport?
  /// The reason if less than the whole mapping is wired.
  private(set) var failure: ShmError?

  init(_ mapping: consuming Mapping) {
    self.mapping = mapping
  }

  /// The bytes that wiring it is charged for: huge pages are not counted.
  var charge: Int {
    guard mapping.pageSize == PageMath.pageSize else { return 0 }
    return PageMath.roundUp(mapping.count) ?? mapping.count
  }

  /// Wires it.
  ///
  /// - Parameters:
  ///   - policy: how to wire. Its room is reduced by the bytes that were brought into RAM.
  ///   - following: the bytes that are to be wired after these, for the remedy.
  ///   - progress: called with the bytes wired so far; false stops.
  /// - Throws: `ShmError`, if not all is wired and less is not accepted.
  func wire(
    _ policy: inout WiringPolicy, following: Int, progress: (Int) -> Bool
  ) throws(ShmError) {
    let attempt = mapping.wiringAttempt()
    guard !policy.acceptsLess else {
      let partial = mapping.wireBestEffort(room: policy.room, progress: progress)
      policy.room = partial.room
      wiring = partial.report
      failure = partial.failure.map { stopped in
        // The advice must allow the whole request, not only the refused part.
        let known = stopped.evidence.limits.used + stopped.evidence.wanted
        return stopped.error(attempt, following: max(0, (policy.total ?? known) - known))
      }
      return
    }
    do {
      wiring = try mapping.wire(progress: progress)
    } catch {
      throw error.error(attempt, following: following)
    }
  }

  /// The wired part as a row of a report; nil if wiring was not requested.
  ///
  /// - Parameters:
  ///   - reference: the name.
  ///   - part: bytes of the region in whole pages, within the mapping; nil for all of it.
  ///   - isUnswappable: whether its pages are never swapped.
  /// - Returns: the row.
  func row(
    _ reference: RegionReference, _ part: Range<Int>? = nil, isUnswappable: Bool
  ) -> WireReport.Row? {
    wiring.map { wiring in
      WireReport.Row(
        reference, wiring.limited(to: part ?? wiring.covered, by: mapping),
        isUnswappable: isUnswappable, failure: failure)
    }
  }
}

/// How pages are wired.
struct WiringPolicy {
  /// Whether it is a success if not all pages could be wired.
  var acceptsLess = false
  /// The bytes that this process will have wired if everything succeeds, which a limit must allow. nil if only the
  /// present amount counts.
  var total: Int?
  /// The bytes that may be brought into RAM if less is accepted; nil for no bound.
  var room: Int?
}
