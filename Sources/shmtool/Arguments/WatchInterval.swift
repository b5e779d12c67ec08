import ShmCore

/// How often something is looked at anew: `--watch` for every second, `--watch 500ms` or
/// `--watch=500ms` for another time.
struct WatchInterval: ArgumentWord {
  static let form = "a time to watch at is written 100ms, 2s or 1m, and is 10ms at least"

  let milliseconds: Int

  init?(argument: String) {
    guard let time = TimeSpan(argument: argument), time.milliseconds >= 10 else { return nil }
    milliseconds = time.milliseconds
  }

  /// The option, and what it means where it stands alone.
  static let option = "--watch"
  static let bare = "1s"

  /// A value may be left out: the word behind is one only where it is a time. A region that is called
  /// like one is written with its slash, `/5s`.
  static func completing(_ arguments: [String]) -> [String] {
    guard let index = arguments.firstIndex(of: option) else { return arguments }
    let next = arguments[(index + 1)...].first.flatMap { TimeSpan(argument: $0) == nil ? nil : $0 }
    return arguments[..<index] + ["\(option)=\(next ?? bare)"]
      + arguments[(index + (next == nil ? 1 : 2))...]
  }
}
