/// When colours are used: `auto` on a terminal unless NO_COLOR is set, `always`, or `never`.
enum ColorChoice: String, CaseIterable, ArgumentWord {
  case auto, always, never

  static let words = allCases.map(\.rawValue)
  static let form = "expected auto, always or never"

  init?(argument: String) { self.init(rawValue: argument) }

  /// The colours of a style for which `auto` was computed.
  func isColoured(_ automatic: Bool) -> Bool {
    switch self {
    case .auto: automatic
    case .always: true
    case .never: false
    }
  }
}
