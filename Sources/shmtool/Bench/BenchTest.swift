/// What `bench` measures.
enum BenchTest: String, CaseIterable, Codable {
  /// Bytes through every way from one process to another.
  case transfer
  /// The round trip of a small message.
  case latency
  /// Bytes from one process to several.
  case fanOut = "fan-out"
  /// Ways to get memory ready.
  case memory
  /// Ways to look at the pages of memory.
  case looking
  /// Access to wired and unwired pages while memory is short.
  case pressure
}

extension BenchTest: ArgumentWord {
  /// What is measured if nothing is named.
  static let usual: [BenchTest] = [.transfer, .latency, .fanOut, .memory, .looking]
  static let words = allCases.map(\.rawValue)
  static let form = "expected \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")"

  init?(argument: String) {
    self.init(rawValue: argument)
  }
}
