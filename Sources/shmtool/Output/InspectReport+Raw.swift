import ShmCore
import ShmInspection

extension InspectReport.Entry {
  /// The runs of pages, with the fields of each for scripts.
  var fields: [[RawField]] {
    (runs.value ?? []).map { run in
      [RawField(reference: region)]
        + [run.offset, run.length, run.length / pageSize].map { RawField("\($0)") }
        + [RawField(list: run.states), run.frameField]
    }
  }
}

extension InspectReport.Run {
  /// The state of the pages, and their flags: wired, huge, dirty.
  fileprivate var states: [String] {
    let marks = [(isWired, "wired"), (isHuge, "huge"), (isDirty, "dirty")]
    return [state == PageMap.State.onDevice.rawValue ? "on-device" : state]
      + marks.filter { $0.0.value == true }.map(\.1)
  }

  /// All of its frames.
  fileprivate var frameField: RawField {
    let pieces = (frames.value ?? []).map { piece in
      let last = piece.frame + UInt64(piece.length / PageMath.pageSize) - 1
      return Format.address(piece.frame) + (last > piece.frame ? "-\(Format.address(last))" : "")
    }
    return RawField(list: pieces, empty: "")
  }
}
