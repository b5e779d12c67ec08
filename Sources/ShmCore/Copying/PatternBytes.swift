/// The bytes of a pattern, chunk by chunk, for one thread. Where every chunk is like the first, they
/// are made once.
struct PatternBytes: ~Copyable {
  private let pattern: FillPattern
  private let rangeStart: Int
  private let scratch = ScratchBuffer()
  private var isMade = false

  /// - Parameters:
  ///   - pattern: the rule.
  ///   - rangeStart: where the range of the whole begins, in bytes.
  init(_ pattern: FillPattern, rangeStart: Int) {
    self.pattern = pattern
    self.rangeStart = rangeStart
  }

  /// What belongs at `chunk` of the region; valid until the next call.
  mutating func bytes(at chunk: Range<Int>) -> UnsafeRawBufferPointer {
    if pattern.uniformByte == nil || !isMade {
      let count = pattern.uniformByte == nil ? chunk.count : scratch.count
      unsafe pattern.generate(
        into: scratch.prefix(count), at: chunk.lowerBound, rangeStart: rangeStart)
      isMade = true
    }
    return unsafe UnsafeRawBufferPointer(scratch.prefix(chunk.count))
  }
}
