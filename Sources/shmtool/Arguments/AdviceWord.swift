import ShmCore

/// An advice as a user writes it, in the words of madvise(2).
enum AdviceWord: String, CaseIterable, ArgumentWord {
  case cold, pageout, willneed

  static let words = allCases.map(\.rawValue)
  static let form = "expected \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")"

  init?(argument: String) { self.init(rawValue: argument) }

  var advice: Mapping.Advice {
    switch self {
    case .cold: .cold
    case .pageout: .pageOut
    case .willneed: .willNeed
    }
  }
}
