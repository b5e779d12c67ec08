import ShmCore

/// How often something is inspected again: `--watch` for every second, `--watch 500ms` or
/// `--watch=500ms` for another time.
struct WatchInterval: ArgumentWord {
  static let form = "expected an interval such as 100ms, 2s or 1m, at least 10ms"

  let duration: Duration

  init?(argument: String) {
    guard let time = TimeSpan(argument: argument), time.milliseconds >= 10 else { return nil }
    duration = time.duration
  }

  /// The option, and its value if none is given.
  static let option = "--watch"
  static let bare = "1s"

  /// The value is optional: the next word is the value only if it is a duration. A region that is called
  /// like one is written with its slash, `/5s`.
  static func completing(_ arguments: [String]) -> [String] {
    guard let index = arguments.firstIndex(of: option) else { return arguments }
    let next = arguments[(index + 1)...].first.flatMap { TimeSpan(argument: $0) == nil ? nil : $0 }
    return arguments[..<index] + ["\(option)=\(next ?? bare)"]
      + arguments[(index + (next == nil ? 1 : 2))...]
  }
}
