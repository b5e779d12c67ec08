import Glibc
import ShmCore
import ShmStreams

/// What loans and records cost: run by `Scripts/bench` beside C programs that do the same
/// with the same ring. Prints nanoseconds.
@main
struct StreamBench {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      var text = "StreamBench: \(error)\n"
      _ = text.withUTF8 { unsafe write(2, $0.baseAddress, $0.count) }
      exit(1)
    }
  }

  private static func run(_ words: [String]) throws {
    guard [4, 6].contains(words.count), let count = Int(words[2]),
      let waiting = StreamWaiting(rawValue: words[3])
    else {
      throw ShmError(.usage, "cannot measure", "WORK NAME COUNT WAITING [SIZE FORM] are needed")
    }
    var options = StreamOptions()
    options.waiting = waiting
    options.meetingTimeout = .seconds(30)
    switch words[0] {
    case "send": try send(words[1], count, options)
    case "receive": try receive(words[1], options)
    case "ping": try ping(words[1], count, options)
    case "pong": try pong(words[1], count, options)
    case "put": try RecordBench(words[1], options, words[4...]).put(count)
    case "take": try RecordBench(words[1], options, words[4...]).take()
    case "ask": try RecordBench(words[1], options, words[4...]).ask(count)
    case "answer": try RecordBench(words[1], options, words[4...]).answer()
    default: throw ShmError(.usage, "cannot measure", "no such work")
    }
  }

  /// Messages of 1 MiB, copied out of memory into the loan.
  private static func send(_ name: String, _ count: Int, _ options: StreamOptions) throws {
    let size = 1 << 20
    let source = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    for index in 0..<size { unsafe source[index] = UInt8(truncatingIfNeeded: index) }
    var sender = try StreamSender.meet(at: try Rendezvous(name), options: options)
    let start = nanoseconds
    for _ in 0..<count {
      try unsafe sender.lend(atLeast: size) { (space, written) throws(ShmError) in
        unsafe space.copyMemory(from: UnsafeRawBufferPointer(source))
        written = size
      }
    }
    _ = try sender.finish()
    print(nanoseconds - start)
  }

  /// Every word of every message is read.
  private static func receive(_ name: String, _ options: StreamOptions) throws {
    let size = 1 << 20
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name), options: options)
    var sum: UInt64 = 0
    var more = true
    while more {
      let piece: Void? = try unsafe receiver.borrow(atLeast: size) {
        (bytes, consumed) throws(ShmError) in
        // Two sums for each cache line, so that the benchmark measures memory and not this loop.
        var first = SIMD8<UInt64>()
        var second = SIMD8<UInt64>()
        for offset in stride(from: 0, to: size, by: 128) {
          unsafe first &+= bytes.load(fromByteOffset: offset, as: SIMD8<UInt64>.self)
          unsafe second &+= bytes.load(fromByteOffset: offset + 64, as: SIMD8<UInt64>.self)
        }
        sum &+= (first &+ second).wrappedSum()
        consumed = size
      }
      more = piece != nil
    }
    _ = try receiver.finish()
    if sum == 0 { throw ShmError(.damaged, "cannot measure", "nothing came") }
  }

  /// 64 bytes there and back.
  private static func ping(_ name: String, _ count: Int, _ options: StreamOptions) throws {
    var sender = try StreamSender.meet(at: try Rendezvous(name + ".there"), options: options)
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name + ".back"), options: options)
    var start = nanoseconds
    for round in 0..<count + count / 10 {
      if round == count / 10 { start = nanoseconds }
      try put(&sender, UInt64(round))
      let back = try get(&receiver)
      if back != UInt64(round) { throw ShmError(.damaged, "cannot measure", "another came back") }
    }
    print((nanoseconds - start) / count)
    _ = try sender.finish()
    while try get(&receiver) != nil {}
    _ = try receiver.finish()
  }

  private static func pong(_ name: String, _ count: Int, _ options: StreamOptions) throws {
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name + ".there"), options: options)
    var sender = try StreamSender.meet(at: try Rendezvous(name + ".back"), options: options)
    while let value = try get(&receiver) { try put(&sender, value) }
    _ = try receiver.finish()
    _ = try sender.finish()
  }

  private static func put(_ sender: inout StreamSender, _ value: UInt64) throws(ShmError) {
    try unsafe sender.lend(atLeast: 64) { (space, written) throws(ShmError) in
      unsafe space.storeBytes(of: value, as: UInt64.self)
      written = 64
    }
  }

  private static func get(_ receiver: inout StreamReceiver) throws(ShmError) -> UInt64? {
    try unsafe receiver.borrow(atLeast: 64) { (bytes, consumed) throws(ShmError) in
      consumed = 64
      return unsafe bytes.loadUnaligned(as: UInt64.self)
    }
  }

  static var nanoseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
