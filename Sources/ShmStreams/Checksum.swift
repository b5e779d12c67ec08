import CShm

/// CRC-32C of the bytes of a stream, as they pass.
struct Checksum: Hashable, Sendable {
  /// The checksum of the bytes added so far.
  private(set) var value: UInt32 = 0

  /// Adds more bytes.
  mutating func add(_ bytes: UnsafeRawBufferPointer) {
    unsafe value = cshm_crc32c(value, bytes.baseAddress, bytes.count)
  }

  /// The checksum of these bytes.
  static func of(_ bytes: some Collection<UInt8>) -> UInt32 {
    var checksum = Checksum()
    unsafe Array(bytes).withUnsafeBytes { unsafe checksum.add($0) }
    return checksum.value
  }
}
