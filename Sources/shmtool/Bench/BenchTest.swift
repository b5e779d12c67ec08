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
