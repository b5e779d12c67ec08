import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying
@testable import ShmInspection
@testable import shmtool

/// What a process has: descriptors, mappings, and bytes wired.
private struct Holdings: Equatable {
  let descriptors: Int
  let mappings: Int
  let wired: Int

  static func now() throws -> Holdings {
    // Every count includes the directory's own descriptor, but not descriptors that the testing library opens at any
    // time.
    let table: FilePath = "/proc/self/fd"
    let foreign = ["anon_inode:[eventpoll]", "anon_inode:[eventfd]", "anon_inode:[timerfd]"]
    return Holdings(
      descriptors: try FileSystem.names(in: table).filter { name in
        guard let link = try? FileSystem.link(table.appending(name)) else { return false }
        return !foreign.contains(link.string)
      }.count,
      mappings: ProcText.lines(try FileSystem.contents(of: "/proc/self/maps"))
        .filter { line in ["/dev/shm/", "/memfd:"].contains { line.contains(text: $0) } }.count,
      wired: ProcessStatus(parsing: try FileSystem.contents(of: "/proc/self/status")).wired ?? 0)
  }
}

extension ArraySlice<UInt8> {
  fileprivate func contains(text: String) -> Bool {
    let wanted = Array(text.utf8)
    return indices.contains { self[$0...].starts(with: wanted) }
  }
}

/// Counted in processes of their own: other tests open and map meanwhile.
@Suite("Leaks of descriptors, mappings and wired pages")
struct LeakTests {
  @Test("the count detects one descriptor, one mapping and one wired page")
  func sees() async {
    await #expect(processExitsWith: .success) {
      let region = try Region.anonymous("t", size: 2 * page)
      let before = try Holdings.now()
      let copy = try region.descriptor.duplicate()
      var mapping = try Mapping(of: region)
      try mapping.wire(0..<page)
      let after = try Holdings.now()
      // The mapping keeps a separate descriptor, and its wired page splits it in two.
      #expect(after.descriptors >= before.descriptors + 2)
      #expect(after.mappings == before.mappings + 2)
      #expect(after.wired == before.wired + page)
      withExtendedLifetime(copy) {}
    }
  }

  @Test("operations on regions leak nothing, also if they fail")
  func cycles() async {
    await #expect(processExitsWith: .success) {
      func cycle() throws {
        let name = TestName()
        let reference = try name.reference
        let region = try Region.create(reference, size: 3 * page)
        #expect(throws: ShmError.self) { _ = try Region.create(reference, size: page) }
        let refused = { (_: borrowing Region) throws(ShmError) in
          throw ShmError(.usage, "no", "for the test")
        }
        #expect(throws: ShmError.self) {
          _ = try Region.create(try TestName().reference, size: page, contents: refused)
        }
        #expect(throws: ShmError.self) { _ = try Region.open(try TestName().reference) }
        #expect(throws: ShmError.self) { _ = try Region.open(try RegionReference("/dev/null")) }
        #expect(throws: ShmError.self) { _ = try Mapping(of: region, range: 1..<2) }
        #expect(throws: ShmError.self) { try region.resize(to: page) }
        try region.resize(to: 4 * page)
        try region.fill(.random(seed: 1))
        _ = try region.verify(.random(seed: 1))
        var mapping = try Mapping(of: region)
        try mapping.wire(0..<2 * page)
        try region.resize(to: page, mayShrink: true)
        #expect(throws: WiringFailure.self) { try mapping.wire() }
        _ = try RegionInspection(reference)
        _ = try RegionUsers.scan(for: [try region.status().identity])
        try? Region.wait(for: .removed, of: reference, timeout: .milliseconds(1))
        let source = try InputSource(FilePath(name.path))
        _ = try Region.create(RegionReference(name.name + "-b"), from: source).unlink()
        #expect(throws: ShmError.self) { _ = try InputSource("/nonexistent") }
        _ = try WiringLimits.current()
        _ = try WiringProbe.largest()
        _ = try Region.anonymous("t", size: page)
        #expect(throws: ShmError.self) { _ = try Region.anonymous("t", size: .max) }
        try region.unlink()
      }
      // A descriptor that is opened only once is open after the first round.
      try cycle()
      let before = try Holdings.now()
      for _ in 0..<25 { try cycle() }
      #expect(try Holdings.now() == before)
    }
  }

  @Test("running, watching and failing to start commands leaks nothing")
  func commands() async {
    await #expect(processExitsWith: .success) {
      func cycle() throws {
        let loop = try HoldLoop()
        #expect(try loop.run(["true"], descriptors: [0]) == .exited(CommandEnd(code: 0)))
        #expect(
          try loop.run(["sh", "-c", "exit 9"], descriptors: []) == .exited(CommandEnd(code: 9)))
        #expect(
          try loop.run(["sh", "-c", "kill -TERM $$"], descriptors: [])
            == .exited(CommandEnd(code: 256 + SIGTERM)))
        #expect(throws: ShmError.self) { _ = try loop.run(["/nonexistent"], descriptors: [0]) }
        #expect(throws: ShmError.self) { _ = try loop.run(["/etc/passwd"], descriptors: [0]) }
        #expect(throws: ShmError.self) { _ = try ProcessWatch(999_999_999) }
        let watch = try ProcessWatch(ProcessNumber.own)
        let hasEnded = watch.waitForEnd(timeout: .milliseconds(1))
        #expect(!hasEnded)
      }
      try cycle()
      let before = try Holdings.now()
      for _ in 0..<30 { try cycle() }
      #expect(try Holdings.now() == before)
    }
  }
}
