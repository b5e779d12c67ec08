import Testing

@testable import ShmStreams

@Suite("The windows of a ring")
struct RingWindowTests {
  /// Appends a record to a window of `room` bytes that has old contents everywhere.
  ///
  /// - Returns: the memory afterwards, and the room that is left; nil if the record does not fit.
  private func append(_ bytes: [UInt8], room: Int) -> (memory: [UInt8], left: Int)? {
    var memory = [UInt8](repeating: 0xFF, count: 128)
    var left: Int?
    unsafe memory.withUnsafeMutableBytes { memory in
      guard let start = memory.baseAddress else { return }
      var window = unsafe WritableWindow(start: start, count: room)
      if unsafe bytes.withUnsafeBytes({ unsafe window.append($0) }) { left = window.count }
    }
    return left.map { (memory, $0) }
  }

  @Test("a record has its length, its bytes and zeros up to a multiple of 8", arguments: 0...40)
  func layout(_ length: Int) throws {
    let bytes = (0..<length).map { UInt8($0 + 100) }
    let size = 8 + (length + 7) / 8 * 8
    let result = try #require(append(bytes, room: size))
    let padding = [UInt8](repeating: 0, count: size - 8 - length)
    let old = [UInt8](repeating: 0xFF, count: 128 - size)
    #expect(result.memory == [UInt8(length), 0, 0, 0, 0, 0, 0, 0] + bytes + padding + old)
    #expect(result.left == 0)
  }

  @Test("a record that does not fit is not appended", arguments: [-8, 0, 7, 8, 15, 16, 23])
  func narrow(_ room: Int) {
    #expect(append([UInt8](repeating: 1, count: 9), room: room) == nil)
  }

  @Test(
    "only a record that is complete is read",
    arguments: [
      (0, 8, 0), (1, 16, 1), (8, 16, 8), (9, 24, 9), (0, 7, nil), (0, 0, nil), (1, 15, nil),
      (9, 23, nil),
      (UInt64.max, 128, nil), (1 << 63, 128, nil), (UInt64(Int.max), 128, nil), (121, 128, nil),
    ] as [(UInt64, Int, Int?)])
  func reading(_ header: UInt64, _ available: Int, _ length: Int?) {
    var memory = [UInt8](repeating: 0xFF, count: 128)
    for index in 0..<8 { memory[index] = UInt8(truncatingIfNeeded: header >> (8 * UInt64(index))) }
    let read: Int? = unsafe memory.withUnsafeBytes { memory in
      guard let start = memory.baseAddress else { return nil }
      let window = unsafe ReadableWindow(start: start, count: available)
      guard let record = unsafe window.record else { return nil }
      #expect(unsafe record.baseAddress == start + 8)
      return record.count
    }
    #expect(read == length)
  }
}
