import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

/// What this process has wired, in bytes (`VmLck`).
private func wired() throws -> Int {
  try #require(
    ProcessStatus(parsing: try FileSystem.contents(of: "/proc/self/status")).wired)
}

/// `VmLck` is the process's, so these run in processes of their own.
@Suite("Wiring a mapping")
struct MappingWiringTests {
  @Test(
    "locked pages are distinguished from others by the flags of their frames",
    .enabled(if: FrameTable.isVisible, "needs root with CAP_SYS_ADMIN and kpageflags"))
  func marks() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(try name.reference, size: 8 * page)
      var mapping = try Mapping(of: region, protection: .readOnly)
      func look(_ part: Range<Int>) throws -> LockedFrames.Count {
        let frames = LockedFrames(mapping.pages, part, needsMarks: true)
        frames?.look(upTo: part.upperBound)
        return try #require(frames?.seen)
      }
      // Not in the page table, and then there without a lock.
      let unmapped = try look(0..<8 * page)
      #expect(unmapped.doubtful == RangeSet(0..<8 * page))
      try mapping.populate()
      let populated = try look(0..<8 * page)
      #expect(populated.present == 8 * page && populated.marked == 0)
      #expect(populated.doubtful == RangeSet(0..<8 * page))
      try mapping.wire(2 * page..<5 * page)
      let wired = try look(0..<8 * page)
      #expect(wired.present == 8 * page && wired.marked == 3 * page)
      #expect(wired.doubtful == RangeSet([0..<2 * page, 5 * page..<8 * page]))
      let locked = try look(2 * page..<5 * page)
      #expect(locked.doubtful.isEmpty)
      try region.unlink()
    }
  }

  @Test("wiring charges whole pages, verifies each page, and unwiring releases all pages")
  func life() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(try name.reference, size: 5 * page)
      var mapping = try Mapping(of: region)
      let all = try mapping.wire()
      #expect(all.covered == 0..<5 * page)
      #expect(all.wired == 5 * page)
      #expect(all.resident == 5 * page)
      // By the frames, if they may be seen.
      #expect(all.marked == nil || all.marked == 5 * page)
      #expect(try wired() == 5 * page)
      // Locks do not nest: the second changes nothing, and one unwiring undoes both.
      try mapping.wire()
      #expect(try wired() == 5 * page)
      try mapping.unwire(page..<page + 1)
      #expect(try wired() == 4 * page)
      try mapping.unwire()
      #expect(try wired() == 0)
      let part = try mapping.wire(page - 1..<page + 1)
      #expect(part.covered == 0..<2 * page)
      #expect(try wired() == 2 * page)
      try mapping.unmap()
      #expect(try wired() == 0)
      try region.unlink()
    }
  }

  @Test("wiring on fault charges all pages and makes no page resident")
  func onFault() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(
        try name.reference, size: 4 * page, options: Region.CreationOptions(reserve: false))
      var mapping = try Mapping(of: region)
      let report = try mapping.wire(when: .onFault)
      #expect((report.wired, report.resident) == (4 * page, 0))
      #expect(try wired() == 4 * page)
      mapping.store(1, at: page)
      #expect(try mapping.residentBytes() == page)
      try region.unlink()
    }
  }

  @Test(
    "wiring past the memlock limit is undone, keeps earlier wired pages, and reports the reason")
  func limit() async {
    await #expect(processExitsWith: .success) {
      try dropPrivilege(memlock: 8 * page)
      let region = try Region.anonymous("t", size: 16 * page)
      var mapping = try Mapping(of: region)
      try mapping.wire(0..<3 * page)
      let told = error(.limit) { try mapping.wire() }
      #expect(told?.reason.contains("the memlock limit is \(ByteCount(8 * page))") == true)
      #expect(try wired() == 3 * page)
      do throws(WiringFailure) {
        try mapping.wire(0..<9 * page)
        Issue.record("nine pages of eight were wired")
      } catch {
        #expect(error.cause == .memlockLimit)
        #expect(error.evidence.limits.soft == 8 * page)
        #expect(error.evidence.wanted == 9 * page)
      }
      #expect(try wired() == 3 * page)
      try mapping.wire(0..<8 * page)
      #expect(try wired() == 8 * page)
    }
  }

  @Test("best effort keeps the pages at the start that could be wired")
  func bestEffort() async {
    await #expect(processExitsWith: .success) {
      try dropPrivilege(memlock: 7 * page)
      let region = try Region.anonymous("t", size: 16 * page)
      var mapping = try Mapping(of: region)
      let partial = mapping.wireBestEffort()
      let report = partial.report
      #expect(report.covered == 0..<16 * page)
      #expect((report.wired, report.resident) == (7 * page, 7 * page))
      #expect(partial.failure?.cause == .memlockLimit)
      #expect(try wired() == 7 * page)
    }
  }

  @Test("a caller can stop the wiring, which leaves no page wired")
  func stopped() async {
    await #expect(processExitsWith: .success) {
      let region = try Region.anonymous("t", size: 4 * page)
      var mapping = try Mapping(of: region)
      do throws(WiringFailure) {
        try mapping.wire { _ in false }
        Issue.record("it was not stopped")
      } catch {
        #expect(error.cause == .stopped)
      }
      #expect(try wired() == 0)
    }
  }

  @Test("wiring a region that was shrunk is reported, and leaves no page wired")
  func truncated() async {
    await #expect(processExitsWith: .success) {
      let region = try Region.anonymous("t", size: 4 * page)
      var mapping = try Mapping(of: region)
      try region.resize(to: page, mayShrink: true)
      let told = error(.inputOutput) { try mapping.wire() }
      #expect(told?.reason.contains("the region has \(page) bytes") == true)
      #expect(try wired() == 0)
      try mapping.wire(0..<page)
      #expect(try wired() == page)
    }
  }
}

/// Becomes the user nobody with a memlock limit. An ordinary user only sets the limit.
private func dropPrivilege(memlock: Int) throws {
  var limit = rlimit(rlim_cur: rlim_t(memlock), rlim_max: rlim_t(memlock))
  // RLIMIT_MEMLOCK, which the C library's module has as another type.
  try #require(unsafe setrlimit(__rlimit_resource_t(8), &limit) == 0)
  guard geteuid() == 0 else { return }
  try #require(setgid(65534) == 0)
  try #require(setuid(65534) == 0)
}
