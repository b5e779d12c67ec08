import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("Another process's memory")
struct ProcessMemoryTests {
  @Test(
    "every byte is read and written, with any alignment on both sides",
    arguments: [1, page - 1, page, page + 1, 3 * page - 2, (4 << 20) + 1])
  func sizes(_ size: Int) throws {
    try withTarget(size + 2 * page) { (target, memory, address) throws in
      try target.fill(.random(seed: UInt64(size)))
      var bytes = [UInt8](repeating: 0, count: size + 3)
      try unsafe bytes.withUnsafeMutableBufferPointer { buffer in
        let place = unsafe UnsafeMutableRawBufferPointer(
          rebasing: UnsafeMutableRawBufferPointer(buffer)[3...])
        try unsafe memory.read(at: address + 5, into: place)
      }
      #expect(try Array(bytes[3...]) == target.contents(5..<5 + size))
      #expect(bytes[..<3].allSatisfy { $0 == 0 })

      try unsafe bytes.withUnsafeBufferPointer { buffer in
        let place = unsafe UnsafeRawBufferPointer(
          rebasing: UnsafeRawBufferPointer(buffer)[3...])
        try unsafe memory.write(place, at: address + 7)
      }
      #expect(try target.contents(7..<7 + size) == Array(bytes[3...]))
    }
  }

  @Test("more pieces than one call accepts are copied completely and in order")
  func pieces() throws {
    let count = 2 * ProcessCalls.maximumPieces + 77
    try withTarget(count * 13) { (target, memory, address) throws in
      try target.fill(.sequence)
      // Backwards, 7 bytes of each 13, and pieces without a byte between them.
      let places = (0..<count).reversed().map { 13 * $0 + 2 }
      let pieces = places.flatMap { (place) -> [Range<UInt64>] in
        let start = address + UInt64(place)
        return [start..<start + 7, start..<start]
      }
      var bytes = [UInt8](repeating: 0, count: 7 * count)
      let copied = try unsafe bytes.withUnsafeMutableBufferPointer {
        try unsafe memory.read(pieces, into: UnsafeMutableRawBufferPointer($0))
      }
      #expect(copied == 7 * count)
      let all = try target.contents(0..<13 * count)
      #expect(bytes == places.flatMap { all[$0..<$0 + 7] })

      try target.fill(.zero)
      let written = try unsafe bytes.withUnsafeBufferPointer {
        try unsafe memory.write(UnsafeRawBufferPointer($0), to: pieces)
      }
      #expect(written == 7 * count)
      let now = try target.contents(0..<13 * count)
      #expect(places.flatMap { now[$0..<$0 + 7] } == bytes)
      #expect(now.indices.allSatisfy { ($0 % 13 < 2 || $0 % 13 > 8) ? now[$0] == 0 : true })
    }
  }

  @Test("a range whose end is unmapped is copied up to the exact byte", arguments: [1, 3, 200])
  func missingPage(_ pages: Int) throws {
    try withTarget(256 * page) { (target, memory, address) throws in
      try target.fill(.random(seed: 1))
      try target.resize(to: pages * page, mayShrink: true)
      var bytes = [UInt8](repeating: 0, count: 256 * page - 9)
      let failure = failure {
        try unsafe bytes.withUnsafeMutableBufferPointer {
          try unsafe memory.read(at: address + 9, into: UnsafeMutableRawBufferPointer($0))
        }
      }
      #expect(failure?.copied == pages * page - 9)
      #expect(failure?.address == address + UInt64(pages * page))
      #expect(try Array(bytes[..<(pages * page - 9)]) == target.contents(9..<pages * page))
      guard case .noPage(let map)? = failure?.cause else {
        Issue.record("\(String(describing: failure))")
        return
      }
      #expect(map.addresses.contains(address))

      let refused = self.failure {
        try unsafe bytes.withUnsafeBufferPointer {
          try unsafe memory.write(UnsafeRawBufferPointer($0), at: address + 9)
        }
      }
      #expect(refused?.copied == pages * page - 9)
    }
  }

  @Test("distinguishes an unmapped buffer of this process from an unmapped address of the other")
  func buffer() throws {
    try withTarget(4 * page) { (target, memory, address) throws in
      let own = try Region.anonymous("own", size: 4 * page)
      let mapping = try Mapping(of: own)
      try own.resize(to: page, mayShrink: true)
      let failure = failure {
        try unsafe mapping.withUnsafeMutableBytes { (buffer) throws(ProcessMemoryFailure) in
          try unsafe memory.read(at: address + 1, into: buffer)
        }
      }
      #expect(failure?.cause == .buffer)
      #expect(failure?.copied == page)
      let other = self.failure {
        try unsafe mapping.withUnsafeMutableBytes { (buffer) throws(ProcessMemoryFailure) in
          try unsafe memory.write(UnsafeRawBufferPointer(buffer), at: address + 1)
        }
      }
      #expect(other?.cause == .buffer)
      #expect(other?.copied == page)
    }
  }

  @Test("an error about an unmapped address names the nearest mapping")
  func notMapped() throws {
    try withTarget(page) { (target, memory, address) throws in
      let failure = failure { _ = try memory.bytes(at: 0x1000, count: 10) }
      guard case .notMapped(let nearest?)? = failure?.cause else {
        Issue.record("\(String(describing: failure))")
        return
      }
      let maps = try #require(ProcessMap.all(of: memory.process))
      #expect(nearest == maps.first)
      let sentence = failure?.error("cannot copy").description ?? ""
      let start = String(nearest.addresses.lowerBound, radix: 16)
      #expect(sentence.contains("0x1000 of process \(memory.process) is not mapped"))
      #expect(sentence.contains("the nearest mapping is 0x\(start)-"))
      let past = self.failure { _ = try memory.bytes(at: .max - 5, count: 10) }
      #expect(past?.cause == .noAddress)
      #expect(past?.error("a").kind == .usage)
    }
  }

  @Test("a copy stops if the progress function returns false")
  func stopped() throws {
    try withTarget(page) { (target, memory, address) throws in
      var bytes = [UInt8](repeating: 0, count: page)
      let failure = failure {
        try unsafe bytes.withUnsafeMutableBufferPointer {
          try unsafe memory.read(at: address, into: UnsafeMutableRawBufferPointer($0)) { _ in
            false
          }
        }
      }
      #expect(failure?.cause == .stopped)
      #expect(failure?.copied == 0)
    }
  }

  @Test("a process that ends is reported as died, and its PID later as not found")
  func ended() throws {
    let child = try Child(["/bin/sleep", "60"])
    let number = child.identifier
    let memory = try ProcessMemory(of: number)
    // While exec sets its memory up there is only a stack.
    func program() -> ProcessMap? {
      ProcessMap.all(of: number)?.first.flatMap { $0.path.isEmpty || $0.offset != 0 ? nil : $0 }
    }
    for _ in 0..<1000 where program()?.path.first != UInt8(ascii: "/") { usleep(10_000) }
    let address = try #require(program()?.addresses.lowerBound)
    #expect(try memory.bytes(at: address, count: 4) == bytes("\u{7F}ELF"))
    child.send(SIGKILL)
    _ = try child.wait()
    let failure = failure { _ = try memory.bytes(at: address, count: 4) }
    #expect(failure?.cause == .ended)
    #expect(failure?.error("a").kind == .peerDied)
    error(.notFound) { _ = try ProcessMemory(of: number) }
  }

  @Test(
    "memory is not copied if another process has got the PID",
    .enabled(if: TestEnvironment.mayMount, "needs root, to give a number twice"))
  func reused() throws {
    let child = try Child(["/bin/sleep", "60"])
    let number = child.identifier
    let memory = try ProcessMemory(of: number)
    child.send(SIGKILL)
    _ = try child.wait()
    // The next process gets the next number, unless another test is quicker.
    for _ in 0..<200 {
      let setting = try FileSystem.open("/proc/sys/kernel/ns_last_pid", O_WRONLY)
      let text = Array("\(number - 1)".utf8)
      _ = try unsafe text.withUnsafeBytes { try unsafe setting.write($0, at: 0) }
      let heir = try Child(["/bin/sleep", "60"])
      let isSame = heir.identifier == number
      let outcome = Result { try isSame ? expectAnother(memory, than: number) : () }
      heir.send(SIGKILL)
      _ = try heir.wait()
      if isSame { return try outcome.get() }
    }
    Issue.record("no process got the number \(number) again")
  }

  /// Checks that another process with this number is distinguished from the process of `memory`.
  private func expectAnother(_ memory: borrowing ProcessMemory, than number: pid_t) throws {
    let address = try #require(ProcessMap.all(of: number)?.first?.addresses.lowerBound)
    let failure = failure { _ = try memory.bytes(at: address, count: 4) }
    #expect(failure?.cause == .ended)
    // The new one may be on its way to its program still.
    #expect(
      eventually {
        guard let map = ProcessMap.all(of: number)?.first else { return false }
        let start = try? ProcessMemory(of: number).bytes(at: map.addresses.lowerBound, count: 4)
        return start == bytes("\u{7F}ELF")
      })
  }

  /// The failure that `body` throws.
  private func failure(
    at location: SourceLocation = #_sourceLocation, _ body: () throws -> Void
  ) -> ProcessMemoryFailure? {
    do {
      try body()
      Issue.record("nothing was thrown", sourceLocation: location)
    } catch let failure as ProcessMemoryFailure {
      return failure
    } catch {
      Issue.record("\(error) is another error", sourceLocation: location)
    }
    return nil
  }

  /// Runs `body` with a region, a second process that maps it, and the address there.
  private func withTarget(
    _ size: Int, _ body: (borrowing Region, borrowing ProcessMemory, UInt64) throws -> Void
  ) throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: size)
    try withSecondProcess(mapping: name.name) { process in
      let memory = try ProcessMemory(of: process)
      let path = bytes(name.path)
      let map = ProcessMap.all(of: process)?.first { $0.path == path }
      try body(region, memory, try #require(map).addresses.lowerBound)
    }
  }
}
