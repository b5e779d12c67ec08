/// What /proc/PID/smaps says of locks. Pure. proc_pid_smaps(5)
package enum SmapsText {
  /// Whether mappings that all carry the `lo` flag cover `wanted` without a gap.
  ///
  /// - Complexity: linear in the text.
  package static func carriesLock(_ text: [UInt8], over wanted: Range<UInt>) -> Bool {
    var covered = wanted.lowerBound
    var current: Range<UInt>?
    for line in ProcText.lines(text) {
      if let addresses = addresses(line) {
        current = addresses
      } else if line.starts(with: "VmFlags:".utf8), let mapping = current,
        mapping.overlaps(wanted)
      {
        guard ProcText.words(line).contains(where: { $0.elementsEqual("lo".utf8) }),
          mapping.lowerBound <= covered
        else { return false }
        covered = mapping.upperBound
        if covered >= wanted.upperBound { return true }
      }
    }
    return false
  }

  private static func addresses(_ line: ArraySlice<UInt8>) -> Range<UInt>? {
    guard let space = line.firstIndex(of: UInt8(ascii: " ")),
      let dash = line[..<space].firstIndex(of: UInt8(ascii: "-")),
      let lower = ProcText.hexadecimal(line[..<dash]),
      let upper = ProcText.hexadecimal(line[(dash + 1)..<space]), lower <= upper
    else { return nil }
    return UInt(lower)..<UInt(upper)
  }
}
