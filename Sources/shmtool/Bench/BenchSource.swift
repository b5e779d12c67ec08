import ShmCore

/// The message that is sent: different words in a region that all processes of a measurement map.
struct BenchSource: ~Copyable {
  let region: Region
  let mapping: Mapping

  /// - Parameter size: the largest message in bytes.
  /// - Throws: `ShmError` of kind `noSpace` if there is no memory for it.
  init(size: Int) throws(ShmError) {
    let region = try Region.anonymous("shmtool-bench-source", size: size)
    var mapping = try Mapping(of: region)
    var words = try mapping.mutableElements(of: UInt64.self)
    for index in words.indices { words[index] = Self.word(index) }
    self.region = region
    self.mapping = mapping
  }

  /// The source of another process.
  init(descriptor: Int32) throws(ShmError) {
    let region = try BenchLink.region(descriptor)
    let mapping = try Mapping(of: region, protection: .readOnly)
    self.region = region
    self.mapping = mapping
  }

  /// Calls `body` with the beginning of the message.
  func withMessage<Result>(
    _ size: Int, _ body: (UnsafeRawBufferPointer) throws(ShmError) -> Result
  ) throws(ShmError) -> Result {
    try unsafe mapping.withUnsafeMutableBytes { (bytes) throws(ShmError) in
      try unsafe body(UnsafeRawBufferPointer(rebasing: bytes[..<size]))
    }
  }

  private static func word(_ index: Int) -> UInt64 {
    (UInt64(truncatingIfNeeded: index) &+ 1) &* 0x9E37_79B9_7F4A_7C15
  }
}
