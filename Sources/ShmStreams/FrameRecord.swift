import ShmCore

/// A partly written record of a framed stream: its header, its data, and how many of their bytes were written.
@safe struct FrameRecord {
  private let header: [UInt8]
  private let data: UnsafeRawBufferPointer
  private var done = 0

  /// A record without data.
  init(_ header: [UInt8]) {
    self.header = header
    unsafe data = UnsafeRawBufferPointer(start: nil, count: 0)
  }

  /// - Parameters:
  ///   - header: the bytes before the data.
  ///   - data: the data, which must stay valid as long as the record.
  @unsafe init(_ header: [UInt8], _ data: UnsafeRawBufferPointer) {
    self.header = header
    unsafe self.data = data
  }

  var isWritten: Bool { unsafe done == header.count + data.count }

  /// Calls `body` with the rest of the header and of the data, and counts the bytes that it wrote.
  mutating func write(
    _ body: (UnsafeRawBufferPointer, UnsafeRawBufferPointer) throws(ShmError) -> Int
  ) throws(ShmError) {
    done += try unsafe header.withUnsafeBufferPointer { (header) throws(ShmError) in
      let head = unsafe UnsafeRawBufferPointer(header).dropFirst(done)
      let rest = unsafe data.dropFirst(max(0, done - header.count))
      return try unsafe body(
        UnsafeRawBufferPointer(rebasing: head), UnsafeRawBufferPointer(rebasing: rest))
    }
  }
}
