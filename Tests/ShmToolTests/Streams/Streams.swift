import ShmTestSupport
import Testing

/// Streams of the binary, driven by Python.
enum Streams {
  /// Runs the function of this test as `Python.test` does, with the name of a stream.
  static func test(
    _ arguments: String..., file: String = #filePath, function: String = #function,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await Python.test(
      named: TestName("stream"), arguments: arguments, file: file, function: function,
      sourceLocation: sourceLocation)
  }
}
