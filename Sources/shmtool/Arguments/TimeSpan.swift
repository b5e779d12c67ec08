/// A length of time as a user writes it: `250ms`, `5s`, `2m`, `1h`; a plain number is seconds.
struct TimeSpan: ArgumentWord, Hashable {
  static let form =
    "expected a duration such as 250ms, 5s (or 5), 2m or 1h, at most 1281023h"

  let milliseconds: Int

  init?(argument: String) {
    let digits = argument.utf8.prefix { (UInt8(ascii: "0")...UInt8(ascii: "9")).contains($0) }
    guard let number = Int(Substring(digits)) else { return nil }
    let unit: Int
    switch argument.utf8.dropFirst(digits.count) {
    case let suffix where suffix.elementsEqual("ms".utf8): unit = 1
    case let suffix where suffix.isEmpty || suffix.elementsEqual("s".utf8): unit = 1000
    case let suffix where suffix.elementsEqual("m".utf8): unit = 60_000
    case let suffix where suffix.elementsEqual("h".utf8): unit = 3_600_000
    default: return nil
    }
    let (milliseconds, overflow) = number.multipliedReportingOverflow(by: unit)
    // poll(2) and the clock count nanoseconds in 63 bits.
    guard !overflow, milliseconds <= Int.max / 2_000_000 else { return nil }
    self.milliseconds = milliseconds
  }

  var duration: Duration { .milliseconds(milliseconds) }
}

extension TimeSpan: CustomStringConvertible {
  /// In the largest unit that is exact: `90 s`, `1 h`.
  var description: String {
    for (unit, length) in [("h", 3_600_000), ("min", 60_000), ("s", 1000)]
    where milliseconds >= length && milliseconds % length == 0 {
      return "\(milliseconds / length) \(unit)"
    }
    return "\(milliseconds) ms"
  }
}
