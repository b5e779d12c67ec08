public import ShmCore

extension StreamSender {
  /// The number of records that are read from a non-blocking input between two checks of peers and signals.
  private static var recordsBetweenPolls: Int { 16 }

  /// Puts the data of a framed stream into the stream, up to its end record. Each piece is checked before a
  /// receiver sees it.
  ///
  /// - Parameters:
  ///   - input: the framed stream.
  ///   - progress: called with the bytes sent so far.
  /// - Throws: `ShmError`: `aborted` if the input ends before its end record or its origin has given up,
  ///   `damaged` if it is damaged, and as ``send(from:named:progress:)``. The stream is aborted then.
  /// - Complexity: linear in the bytes; the memory is the ring's.
  public mutating func sendFramed(
    from input: inout FramedInput, progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    try checkOpen()
    flush()
    do throws(ShmError) {
      var records = 0
      while true {
        progress(Int(ring.position))
        records += 1
        if !input.source.mayBlock, records % Self.recordsBetweenPolls == 0 { try hear() }
        let header = try self.header(from: &input)
        switch try input.next(header) {
        case .data(let length): try take(length, from: &input)
        case .text(let length):
          let text = try bytes(length, from: &input)
          throw failure.aborted("the near end", try input.reason(text))
        case .skipped(let length): _ = try bytes(length, from: &input)
        case .end(let end):
          input.endRecord = end
          return
        }
      }
    } catch {
      throw aborting(because: error)
    }
  }

  private mutating func header(from input: inout FramedInput) throws(ShmError) -> [UInt8] {
    let ahead = input.ahead
    input.ahead = []
    return try ahead + bytes(Frame.headerSize - ahead.count, from: &input)
  }

  /// Reads exactly that many bytes of headers.
  private mutating func bytes(
    _ count: Int, from input: inout FramedInput
  ) throws(ShmError) -> [UInt8] {
    var bytes: [UInt8] = []
    while bytes.count < count {
      if input.source.mayBlock { try waitForInput(input.source.descriptor) }
      report.crossings += 1
      guard let more = try input.source.bytes(upTo: count - bytes.count) else { continue }
      if more.isEmpty { throw input.cutOff(after: ring.position) }
      bytes += more
    }
    return bytes
  }

  /// Reads data into the ring, with the next header in the same call if there is room for it after the data,
  /// and publishes the data if its checksum is right.
  private mutating func take(_ length: Int, from input: inout FramedInput) throws(ShmError) {
    let room = try waitForRoom(length)
    let space = unsafe ring.writableBytes(min(room, length + Frame.headerSize))
    var done = 0
    while done < length {
      if input.source.mayBlock { try waitForInput(input.source.descriptor) }
      report.crossings += 1
      let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: space[done...])
      guard let count = try unsafe input.source.read(into: rest) else { continue }
      if count == 0 { throw input.cutOff(after: ring.position) }
      done += count
    }
    // The receivers can write to the ring: the header is copied before it is checked.
    input.ahead = unsafe Array(space[length..<done])
    try unsafe input.check(UnsafeRawBufferPointer(rebasing: space[..<length]))
    publish(length)
  }
}

extension FramedInput {
  fileprivate mutating func next(_ header: [UInt8]) throws(ShmError) -> FrameDecoder.Next {
    do throws(FrameFault) { return try decoder.next(header) } catch { throw damaged(error) }
  }

  fileprivate mutating func check(_ data: UnsafeRawBufferPointer) throws(ShmError) {
    do throws(FrameFault) { try unsafe decoder.check(data) } catch { throw damaged(error) }
  }

  fileprivate mutating func reason(_ text: [UInt8]) throws(ShmError) -> String {
    do throws(FrameFault) { return try decoder.reason(text) } catch { throw damaged(error) }
  }
}
