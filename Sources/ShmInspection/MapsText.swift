package import ShmCore

/// A parser for the text of /proc/PID/maps. It skips irrelevant lines, which are most, without parsing them.
/// proc_pid_maps(5)
package enum MapsText {
  /// Calls `body` with each mapping whose device is wanted.
  ///
  /// - Parameters:
  ///   - text: a buffer that starts with the text. Lines of another form are skipped.
  ///   - count: the length of the text in bytes.
  ///   - isWanted: whether to report the mappings of a device. It is called once for consecutive lines of one
  ///     device, and never for private memory.
  ///   - body: called with each mapping.
  /// - Complexity: linear in the text; only the relevant lines are copied.
  package static func forEach(
    in text: [UInt8], count: Int, isWanted: (UInt64) -> Bool, _ body: (ProcessMap) -> Void
  ) {
    let text = text.span
    let end = min(count, text.count)
    var last: (device: UInt64, isWanted: Bool) = (0, false)
    var start = 0
    while start < end {
      let device = Self.device(of: text, from: start, to: end)
      if let device, device != last.device { last = (device, isWanted(device)) }
      var lineEnd = start
      while lineEnd < end, text[lineEnd] != UInt8(ascii: "\n") { lineEnd += 1 }
      if device != nil, last.isWanted {
        var line: [UInt8] = []
        line.reserveCapacity(lineEnd - start)
        for index in start..<lineEnd { line.append(text[index]) }
        if let map = ProcessMap(parsing: line[...]) { body(map) }
      }
      start = lineEnd + 1
    }
  }

  /// The device of a line, its fourth word; nil if it is 0:0 or missing.
  private static func device(of text: Span<UInt8>, from start: Int, to end: Int) -> UInt64? {
    var index = start
    for _ in 0..<3 {
      while index < end, text[index] != UInt8(ascii: " ") {
        if text[index] == UInt8(ascii: "\n") { return nil }
        index += 1
      }
      index += 1
    }
    var number: (major: UInt64, minor: UInt64) = (0, 0)
    var isMinor = false
    while index < end, text[index] != UInt8(ascii: " ") {
      let byte = text[index]
      let digit: UInt64
      switch byte {
      case UInt8(ascii: "0")...UInt8(ascii: "9"): digit = UInt64(byte - UInt8(ascii: "0"))
      case UInt8(ascii: "a")...UInt8(ascii: "f"): digit = UInt64(byte - UInt8(ascii: "a") + 10)
      case UInt8(ascii: ":") where !isMinor:
        isMinor = true
        index += 1
        continue
      default: return nil
      }
      if isMinor {
        number.minor = (number.minor << 4 | digit) & 0xFFFF_FFFF
      } else {
        number.major = (number.major << 4 | digit) & 0xFFFF_FFFF
      }
      index += 1
    }
    guard isMinor, number != (0, 0) else { return nil }
    return ProcessMap.deviceNumber(major: number.major, minor: number.minor)
  }
}
