import CShm
import CShmTool
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import shmtool

@Suite("Commands and signals")
struct ProcessTests {
  @Test("a command gets the given descriptors from 3 on")
  func descriptors() throws {
    let pipe = try Pipe()
    let other = try Pipe()
    let child = try ChildProcess(
      ["sh", "-c", "ls /proc/self/fd | tr '\\n' ' ' >&4; echo $COLOUR >&4"],
      descriptors: [other.reading.raw, pipe.writing.raw], environment: [("COLOUR", "blue")])
    #expect(try child.wait().status == 0)
    var buffer = [UInt8](repeating: 0, count: 200)
    let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe pipe.reading.read(into: $0) }
    let told = String(decoding: buffer[..<count], as: UTF8.self)
    #expect(told.hasSuffix("blue\n"))
    let numbers = Set(told.split(separator: " "))
    #expect(numbers.isSuperset(of: ["0", "1", "2", "3", "4"]))
    // What this library opens is not handed on; others in this process may be careless.
    #expect(!numbers.contains("\(other.writing.raw)") || other.writing.raw <= 4)
  }

  @Test("a command starts with no blocked or ignored signals, whatever the parent has set")
  func signals() async {
    await #expect(processExitsWith: .success) {
      signal(SIGPIPE, SIG_IGN)
      let mask = SignalMask()
      // 32 and 33 are the C library's own, which it ignores in every child that it spawns.
      let script = "test $(grep -cE '^SigBlk:.0+$|^SigIgn:.0+1?8?0+$' /proc/self/status) = 2"
      let checked = try ChildProcess(["sh", "-c", script], descriptors: [], environment: [])
      #expect(try checked.wait().status == 0)
      withExtendedLifetime(mask) {}
    }
  }

  @Test("a signal ends the hold, except a signal that was ignored at the start")
  func hold() async {
    await #expect(processExitsWith: .success) {
      signal(SIGHUP, SIG_IGN)
      let loop = try HoldLoop()
      raise(SIGHUP)
      raise(SIGTERM)
      #expect(try loop.wait(HoldLoop.Terms(duration: .milliseconds(10_000))) == .signal(SIGTERM))
      #expect(try loop.wait(HoldLoop.Terms(duration: .milliseconds(10))) == .over)
      var calls = 0
      _ = try loop.wait(HoldLoop.Terms(duration: .milliseconds(100), interval: .milliseconds(10))) {
        () throws(ShmError) in
        calls += 1
      }
      #expect(calls >= 2)
    }
  }

  @Test("blocked signals are read, and unblocked at the end")
  func mask() async {
    await #expect(processExitsWith: .success) {
      let signals = try TerminationSignals()
      do {
        let mask = SignalMask()
        #expect(!SignalMask.isTerminationPending)
        raise(SIGINT)
        #expect(SignalMask.pendingTermination == SIGINT)
        error(.interrupted) { try SignalMask.checkPending("cannot go on") }
        withExtendedLifetime(mask) {}
      }
      #expect(try signals.next()?.number == SIGINT)
      #expect(try signals.next() == nil)
    }
  }

  @Test("the end of a process is detected, even if its number is reused")
  func watch() throws {
    let child = try ChildProcess(["sleep", "60"], descriptors: [], environment: [])
    let watch = try ProcessWatch(child.identifier)
    let early = watch.waitForEnd(timeout: .milliseconds(10))
    #expect(!early)
    try watch.send(SIGKILL)
    let late = watch.waitForEnd(timeout: .milliseconds(10_000))
    #expect(late)
    #expect(try child.wait() == CommandEnd(code: 256 + SIGKILL))
    error(.notFound) { try watch.send(SIGTERM) }
  }

  @Test("readiness is reported by a line and by closing a descriptor")
  func readiness() throws {
    var ends: [CInt] = [-1, -1]
    try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    let reading = OwnedDescriptor(adopting: ends[0])
    let copy = ends[1]
    try Readiness.announce(descriptor: copy)
    var buffer = [UInt8](repeating: 0, count: 20)
    let count = try unsafe buffer.withUnsafeMutableBytes { try unsafe reading.read(into: $0) }
    #expect(String(decoding: buffer[..<count], as: UTF8.self) == "ready\n")
    // Another test may have the number by now, and then for something else.
    let pipe = RegionIdentity(try reading.status())
    var other = stat()
    #expect(unsafe fstat(copy, &other) != 0 || RegionIdentity(other) != pipe)
    let last = try unsafe buffer.withUnsafeMutableBytes { try unsafe reading.read(into: $0) }
    #expect(last == 0)
    error(.inputOutput) { try Readiness.announce(descriptor: 999_999) }
    error(.inputOutput) { try Readiness.announce(serviceManagerAt: bytes("/nonexistent/socket")) }
  }

  @Test("a user without an entry has no name")
  func users() {
    #expect(UserNames.name(0) == bytes("root"))
    #expect(UserNames.name(4_294_967_294) == nil)
  }
}
