/// What `bench` measures.
enum BenchTest: String, CaseIterable, Codable {
  /// The throughput of every method to move bytes between two processes.
  case transfer
  /// The round trip of a small message.
  case latency
  /// Bytes from one process to several.
  case fanOut = "fan-out"
  /// Methods to allocate and populate memory.
  case memory
  /// Methods to find the resident pages of memory.
  case pages
  /// Access to wired and unwired pages while memory is short.
  case pressure
}

extension BenchTest: ArgumentWord {
  /// What is measured if nothing is named.
  static let usual: [BenchTest] = [.transfer, .latency, .fanOut, .memory, .pages]
  static let words = allCases.map(\.rawValue)
  static let form = "expected \(words.dropLast().joined(separator: ", ")) or \(words.last ?? "")"

  /// Some tests in words.
  static func list(_ tests: [BenchTest]) -> String {
    tests.map(\.rawValue).joined(separator: ", ")
  }

  init?(argument: String) {
    self.init(rawValue: argument)
  }
}
