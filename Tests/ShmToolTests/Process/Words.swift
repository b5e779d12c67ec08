import ShmCore
import ShmTestSupport

@testable import shmtool

extension ChildProcess {
  /// Starts a command that is text.
  init(
    _ words: [String], descriptors: [CInt] = [], environment: [(String, String)] = []
  ) throws(ShmError) {
    try self.init(words.map { bytes($0) }, descriptors: descriptors, environment: environment)
  }
}

extension HoldLoop {
  /// Runs a command that is text.
  func run(_ words: [String], descriptors: [CInt]) throws(ShmError) -> End {
    try run(words.map { bytes($0) }, descriptors: descriptors)
  }
}
