/// Bytes that follow a rule, so that one process can write them and another can check them.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"))
/// try region.fill(.random(seed: 7))
/// let difference = try region.verify(.random(seed: 7))  // nil: equal
/// ```
public enum FillPattern: Hashable, Sendable {
  /// Zeros.
  case zero
  /// One byte, over and over.
  case byte(UInt8)
  /// Some bytes, over and over from the start of the range; not empty.
  case pattern([UInt8])
  /// Each 8-byte word, at a multiple of 8, contains its offset in the region, little-endian.
  case sequence
  /// SplitMix64: the word at offset 8·i is output i of the generator started with the seed,
  /// little-endian. The same bytes on every machine, and any part can be made without the rest.
  case random(seed: UInt64)

  /// Writes the bytes that belong at `offset` of the region.
  ///
  /// - Parameters:
  ///   - buffer: the memory to fill.
  ///   - offset: the offset of the buffer's first byte in the region.
  ///   - start: the start of the range of a `pattern`.
  /// - Complexity: linear in the buffer.
  public func generate(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, rangeStart start: Int
  ) {
    switch self {
    case .zero: unsafe Self.repeat(0, into: buffer)
    case .byte(let byte): unsafe Self.repeat(byte, into: buffer)
    case .pattern(let bytes):
      unsafe Self.repeat(bytes, phase: (offset - start) % bytes.count, into: buffer)
    case .sequence:
      unsafe Self.words(into: buffer, at: offset) { $0 &* 8 }
    case .random(let seed):
      unsafe Self.words(into: buffer, at: offset) { Self.splitMix64(seed, index: $0) }
    }
  }

  /// Writes the bytes that belong at `offset` of the region into a span.
  ///
  /// - Parameters:
  ///   - bytes: the span to fill.
  ///   - offset: the offset of the first byte in the region.
  ///   - start: the start of the range of a `pattern`.
  /// - Complexity: linear in the bytes.
  public func generate(
    into bytes: inout MutableRawSpan, at offset: Int, rangeStart start: Int = 0
  ) {
    unsafe bytes.withUnsafeMutableBytes {
      unsafe generate(into: $0, at: offset, rangeStart: start)
    }
  }

  /// The byte value of the whole range; nil if the bytes differ.
  var uniformByte: UInt8? {
    switch self {
    case .zero: 0
    case .byte(let byte): byte
    case .pattern, .sequence, .random: nil
    }
  }

  /// Output `index` of SplitMix64 started with `seed` (Steele, Lea and Flood, 2014). The state is a counter, so each
  /// output can be computed directly.
  @inline(__always)
  static func splitMix64(_ seed: UInt64, index: UInt64) -> UInt64 {
    var word = seed &+ (index &+ 1) &* 0x9E37_79B9_7F4A_7C15
    word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
    word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
    return word ^ (word >> 31)
  }

  private static func `repeat`(_ byte: UInt8, into buffer: UnsafeMutableRawBufferPointer) {
    unsafe buffer.initializeMemory(as: UInt8.self, repeating: byte)
  }

  /// Writes one period, rotated by `phase`, and doubles the written part until the buffer is full.
  private static func `repeat`(
    _ bytes: [UInt8], phase: Int, into buffer: UnsafeMutableRawBufferPointer
  ) {
    var filled = min(bytes.count, buffer.count)
    for index in 0..<filled { unsafe buffer[index] = bytes[(phase + index) % bytes.count] }
    while filled < buffer.count {
      let count = min(filled, buffer.count - filled)
      unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[filled..<filled + count])
        .copyMemory(from: UnsafeRawBufferPointer(rebasing: buffer[..<count]))
      filled += count
    }
  }

  /// Little-endian words by their index; the ends may lie within a word.
  @inline(__always)
  private static func words(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int, _ word: (UInt64) -> UInt64
  ) {
    let head = min((8 - offset % 8) % 8, buffer.count)
    for index in 0..<head { unsafe buffer[index] = Self.byte(of: word, at: offset + index) }
    let whole = (buffer.count - head) / 8
    let first = UInt64((offset + head) / 8)
    if whole > 0, let base = buffer.baseAddress {
      // The buffer has 8 * whole bytes from `head` on; unaligned stores are allowed.
      for index in 0..<whole {
        unsafe (base + head + 8 * index).storeBytes(
          of: word(first &+ UInt64(index)).littleEndian, as: UInt64.self)
      }
    }
    for index in (head + 8 * whole)..<buffer.count {
      unsafe buffer[index] = Self.byte(of: word, at: offset + index)
    }
  }

  private static func byte(of word: (UInt64) -> UInt64, at offset: Int) -> UInt8 {
    UInt8(truncatingIfNeeded: word(UInt64(offset / 8)) >> (8 * UInt64(offset % 8)))
  }
}
