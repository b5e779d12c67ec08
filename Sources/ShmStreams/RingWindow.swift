/// The memory in which a sender appends records without further checks. It is a part of the room that is known to be
/// free, and empty after the end of the stream.
///
/// Sendable is unchecked because of the pointer. It points into the ring, which the sender owns.
@safe
@usableFromInline
struct WritableWindow: @unchecked Sendable {
  /// Where the next record begins.
  @usableFromInline private(set) var start: UnsafeMutableRawPointer
  /// The bytes from `start` on in which records fit. It is negative after other bytes were appended than records.
  @usableFromInline private(set) var count: Int

  init(start: UnsafeMutableRawPointer, count: Int) {
    unsafe self.start = unsafe start
    self.count = count
  }

  /// Appends a record, copied from `bytes`.
  ///
  /// - Returns: false if it does not fit; nothing is appended then.
  @inlinable
  @inline(__always)
  mutating func append(_ bytes: UnsafeRawBufferPointer) -> Bool {
    guard let layout = RecordLayout(length: bytes.count), layout.size <= count else { return false }
    // Zeros for the padding. The other bytes of this word belong to the header or the record, and are written next. A
    // record without padding is written only from its start to its end, which is faster in batches.
    if layout.length & 7 != 0 {
      unsafe start.storeBytes(of: 0, toByteOffset: layout.size - 8, as: UInt64.self)
    }
    unsafe start.storeBytes(of: UInt64(layout.length).littleEndian, as: UInt64.self)
    if let source = bytes.baseAddress {
      unsafe Self.copy(source, to: start + RecordLayout.header, layout.length)
    }
    skip(layout.size)
    return true
  }

  /// Copies bytes. From 8 to 32 bytes the call of memmove(3) would take longer than the copy.
  @inlinable
  @inline(__always)
  static func copy(
    _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ count: Int
  ) {
    switch count {
    case 8...16: unsafe copyEnds(as: UInt64.self, source, to: target, count)
    case 17...32: unsafe copyEnds(as: SIMD2<UInt64>.self, source, to: target, count)
    default: unsafe target.copyMemory(from: source, byteCount: count)
    }
  }

  /// Copies the bytes of one to two words: the first word and the last word, which may overlap.
  @inlinable
  @inline(__always)
  static func copyEnds<Word: BitwiseCopyable>(
    as: Word.Type, _ source: UnsafeRawPointer, to target: UnsafeMutableRawPointer, _ count: Int
  ) {
    let last = count - MemoryLayout<Word>.size
    let words = unsafe (
      source.loadUnaligned(as: Word.self), source.loadUnaligned(fromByteOffset: last, as: Word.self)
    )
    unsafe target.storeBytes(of: words.0, as: Word.self)
    unsafe target.storeBytes(of: words.1, toByteOffset: last, as: Word.self)
  }

  /// Moves the start over bytes that were written there.
  @inlinable
  @inline(__always)
  mutating func skip(_ bytes: Int) {
    unsafe start += bytes
    count &-= bytes
  }
}

/// The bytes that a receiver knows to be available, and reads without further checks.
///
/// Sendable is unchecked because of the pointer. It points into the ring, which the receiver owns.
@safe
@usableFromInline
struct ReadableWindow: @unchecked Sendable {
  /// Where the next byte is.
  @usableFromInline private(set) var start: UnsafeRawPointer
  /// The number of bytes.
  @usableFromInline var count: Int

  init(start: UnsafeRawPointer, count: Int) {
    unsafe self.start = unsafe start
    self.count = count
  }

  /// The bytes of the record at the start; nil if not all of a valid record is there.
  @inlinable
  @inline(__always)
  var record: UnsafeRawBufferPointer? {
    guard count >= RecordLayout.header,
      let layout = unsafe RecordLayout(
        header: UnsafeRawBufferPointer(start: start, count: RecordLayout.header)),
      layout.size <= count
    else { return nil }
    return unsafe UnsafeRawBufferPointer(start: start + RecordLayout.header, count: layout.length)
  }

  /// Moves the start over a record of that length, which is there.
  @inlinable
  @inline(__always)
  mutating func skip(recordOf length: Int) {
    guard let layout = RecordLayout(length: length) else { return }
    skip(layout.size)
  }

  /// Moves the start over bytes.
  @inlinable
  @inline(__always)
  mutating func skip(_ bytes: Int) {
    unsafe start += bytes
    count &-= bytes
  }
}
