import Glibc
import ShmCopying
import ShmCore
import ShmStreams

/// What a value costs on its way to another process: as an argument, as a copy, as shared pages. Run by
/// `Scripts/bench`, in two processes. Prints nanoseconds for each value.
@main
struct CopyBench {
  static func main() {
    do {
      try run(Array(CommandLine.arguments.dropFirst()))
    } catch {
      var text = "CopyBench: \(error)\n"
      _ = text.withUTF8 { unsafe write(2, $0.baseAddress, $0.count) }
      exit(1)
    }
  }

  private static func run(_ words: [String]) throws {
    let numbers = words.compactMap { Int($0) }
    switch (words.first, numbers.count) {
    case ("argument", 1): print(try argument(numbers[0]))
    case ("hold", 1): try hold(numbers[0])
    case ("copy", 4):
      print(
        try copy(Int32(numbers[0]), UInt64(numbers[1]), size: numbers[2], count: numbers[3]))
    case ("send", 2): try send(words[1], size: numbers[0], count: numbers[1])
    case ("receive", 1): print(try receive(words[1], size: numbers[0]))
    default:
      throw ShmError(
        .usage, "cannot measure",
        "argument COUNT, hold SIZE, copy PID ADDRESS SIZE COUNT, send NAME SIZE COUNT or receive NAME SIZE is needed"
      )
    }
  }

  /// 8 bytes as the argument of a system call that keeps them.
  private static func argument(_ count: Int) throws -> Int {
    let file = unsafe open("/dev/null", O_WRONLY)
    let start = nanoseconds
    for round in 0..<count {
      var value = UInt64(round)
      if unsafe write(file, &value, 8) != 8 { throw ShmError(.system, "cannot measure", "no call") }
    }
    let time = nanoseconds - start
    close(file)
    return time / count
  }

  /// Memory that another process copies out of, until stdin ends.
  private static func hold(_ size: Int) throws {
    let memory = unsafe source(size)
    print(getpid(), UInt(bitPattern: memory.baseAddress))
    // Otherwise the output is buffered.
    fflush(nil)
    while getchar() != EOF {}
    unsafe memory.deallocate()
  }

  /// One copy for each value, and every word of it read.
  private static func copy(
    _ process: Int32, _ address: UInt64, size: Int, count: Int
  ) throws -> Int {
    let memory = try ProcessMemory(of: process)
    let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    var sum: UInt64 = 0
    var start = nanoseconds
    for round in 0..<count + count / 10 {
      if round == count / 10 { start = nanoseconds }
      try unsafe memory.read(at: address, into: buffer)
      sum &+= unsafe Self.sum(UnsafeRawBufferPointer(buffer), size)
    }
    let time = nanoseconds - start
    unsafe buffer.deallocate()
    if sum == 0 { throw ShmError(.damaged, "cannot measure", "nothing came") }
    return time / count
  }

  /// Values that are written into the ring's pages.
  private static func send(_ name: String, size: Int, count: Int) throws {
    let memory = unsafe source(size)
    var sender = try StreamSender.meet(at: try Rendezvous(name), options: options)
    for _ in 0..<count {
      try unsafe sender.lend(atLeast: size) { (space, written) throws(ShmError) in
        unsafe UnsafeMutableRawBufferPointer(rebasing: space[..<size])
          .copyMemory(from: UnsafeRawBufferPointer(memory))
        written = size
      }
    }
    _ = try sender.finish()
    unsafe memory.deallocate()
  }

  /// The same bytes, read in place.
  private static func receive(_ name: String, size: Int) throws -> Int {
    var receiver = try StreamReceiver.meet(at: try Rendezvous(name), options: options)
    var (sum, count, start): (UInt64, Int, Int) = (0, -1, nanoseconds)
    var more = true
    while more {
      let piece: Void? = try unsafe receiver.borrow(atLeast: size) {
        (bytes, consumed) throws(ShmError) in
        sum &+= unsafe Self.sum(bytes, size)
        consumed = size
      }
      more = piece != nil
      // From the first one on: the meeting is not counted.
      if count < 0 { start = nanoseconds }
      if more { count += 1 }
    }
    let time = nanoseconds - start
    _ = try receiver.finish()
    if sum == 0 { throw ShmError(.damaged, "cannot measure", "nothing came") }
    return time / max(1, count)
  }

  private static var options: StreamOptions {
    var options = StreamOptions()
    options.meetingTimeout = .seconds(30)
    return options
  }

  private static func source(_ size: Int) -> UnsafeMutableRawBufferPointer {
    let memory = UnsafeMutableRawBufferPointer.allocate(byteCount: size, alignment: 4096)
    for index in 0..<size { unsafe memory[index] = UInt8(truncatingIfNeeded: index | 1) }
    return unsafe memory
  }

  private static func sum(_ bytes: UnsafeRawBufferPointer, _ size: Int) -> UInt64 {
    var sum: UInt64 = 0
    for index in 0..<size / 8 {
      unsafe sum &+= bytes.loadUnaligned(fromByteOffset: 8 * index, as: UInt64.self)
    }
    return sum
  }

  private static var nanoseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }
}
