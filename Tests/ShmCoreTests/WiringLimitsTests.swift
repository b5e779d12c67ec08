import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Limits on wiring, as values")
struct WiringLimitsTests {
  @Test(
    "the memlock limit is parsed from the text of /proc/PID/limits",
    arguments: [
      ("8388608              unlimited            bytes", 8 << 20, nil),
      ("0                    65536                bytes     ", 0, 65536),
      ("unlimited            unlimited            bytes", nil, nil),
    ] as [(String, Int?, Int?)])
  func limitText(_ values: String, _ soft: Int?, _ hard: Int?) {
    let text = """
      Limit                     Soft Limit           Hard Limit           Units
      Max processes             96203                96203                processes
      Max locked memory         \(values)
      Max address space         unlimited            unlimited            bytes

      """
    #expect(MemlockLimit(parsing: bytes(text)) == MemlockLimit(soft: soft, hard: hard))
  }

  @Test(
    "other text is not parsed as a limit",
    arguments: [
      "", "Max locked memory", "Max locked memory 5", "Max locked memory x y bytes",
      "Max locked memory 5 -1 bytes", " Max locked memory 5 5 bytes",
    ])
  func noLimitText(_ text: String) {
    #expect(MemlockLimit(parsing: bytes(text)) == nil)
  }

  @Test("the limit in /proc equals that of getrlimit")
  func sameLimit() throws {
    let text = try FileSystem.contents(of: "/proc/self/limits")
    #expect(try MemlockLimit(parsing: text) == MemlockLimit.current(of: nil))
  }

  @Test("the lowest of all limits is named, and of equal limits the first")
  func verdict() throws {
    let own = try WiringLimits.current()
    func limits(_ memlock: Int?, _ groups: [Int?]) -> WiringVerdict {
      WiringLimits(
        process: own.process, soft: memlock, hard: nil, used: 0, isAccounted: true, pinned: 0,
        hasCapability: false, isInInitialNamespace: true, mappings: nil, addressSpace: nil,
        isFiltered: false,
        cgroups: groups.enumerated().map { index, limit in
          MemoryCgroup(
            version: 2, path: FilePath("/\(index)"), limit: limit.map { $0 << 20 }, used: 3 << 20,
            reclaimable: 1 << 20)
        }, areCgroupsVisible: true,
        memory: MemoryInformation(parsing: bytes("MemAvailable: 40960 kB\n")),
        settings: own.settings
      ).verdict
    }
    #expect(limits(8192, [nil]).binding == .memlockLimit)
    #expect(limits(nil, []).binding == .memory)
    #expect(limits(nil, []).available == 40 << 20)
    // The group's own room: its limit without what it uses and cannot take back, and without what the
    // kernel needs for pages, and this process.
    #expect(limits(1 << 40, [nil, 22, 30]).binding == .cgroup(version: 2, path: "/1"))
    #expect(limits(1 << 40, [nil, 22, 30]).available == (20 << 20) - (20 << 13) - (1 << 20))
    #expect(limits(20480, [22]).binding == .memlockLimit)
    #expect(limits(1 << 40, [1]).available == 0)
    let verdict = limits(8192, [22])
    #expect(verdict.allows(8192) == true && verdict.allows(8193) == false)
    #expect(verdict.refusing(8193)?.bound == .memlockLimit)
    #expect(verdict.refusing(8192) == nil)
  }

  @Test("cached pages are counted once, up to the size of the cache that the limit allows")
  func demand() throws {
    func verdict(_ reclaimable: Int) -> WiringVerdict {
      let own = WiringLimits.unknown
      return WiringLimits(
        process: own.process, soft: 0, hard: nil, used: 0, isAccounted: true, pinned: 0,
        hasCapability: false, isInInitialNamespace: true, mappings: nil, addressSpace: nil,
        isFiltered: false,
        cgroups: [
          MemoryCgroup(
            version: 1, path: "/g", limit: 64 << 20, used: 62 << 20, reclaimable: reclaimable)
        ], areCgroupsVisible: true, memory: nil, settings: own.settings
      ).verdict
    }
    // 62 MiB are in use, and all of them are the file's own pages: they cannot make room for the rest.
    let file = WiringDemand(missing: 4 << 20, cached: 60 << 20)
    let refusal = verdict(60 << 20).refusing(file)
    #expect(refusal?.candidate.bound == .cgroup(version: 1, path: "/g"))
    #expect(refusal?.needed == 64 << 20)
    #expect(verdict(60 << 20).refusing(WiringDemand(missing: 4 << 20)) == nil)
    // Pages that another group is charged for need no room here.
    #expect(verdict(6 << 20).refusing(WiringDemand(missing: 0, cached: 60 << 20))?.needed == nil)
    #expect(verdict(60 << 20).refusing(WiringDemand()) == nil)
    // Page tables count beyond what the room leaves for them.
    let tables = WiringDemand(tables: WiringDemand.tables(of: 3 << 30))
    #expect(verdict(60 << 20).refusing(tables) == nil)
    #expect(verdict(0).refusing(tables)?.needed == (6 << 20) + 4096 - (1 << 18))
    #expect(verdict(0).refusing(WiringDemand(tables: WiringDemand.tables(of: 64 << 20))) == nil)
    #expect(
      (file + WiringDemand(missing: 1, cached: 2))
        == WiringDemand(missing: (4 << 20) + 1, cached: (60 << 20) + 2))
  }

  @Test("exceeding the number of mappings is reported, and leaves no page wired")
  func mappingCount() async {
    await #expect(processExitsWith: .success) {
      let limits = try WiringLimits.current()
      let maximum = try #require(limits.settings.maximumMappings)
      // A limit that cannot be reached in a test is no limit to it.
      guard maximum <= 1 << 17 else { return }
      let region = try Region.anonymous("shmtool-test", size: 64 << 10)
      var mapping = try Mapping(of: region)
      // Pages with turns of protection do not merge: each is one mapping.
      let length = (maximum + 64) * page
      let base = try unsafe MemoryCalls.map(
        at: nil, length: length, protection: PROT_NONE,
        flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, descriptor: -1, offset: 0)
      var offset = 0
      while offset < length, unsafe mprotect(base + offset, page, PROT_READ) == 0 {
        offset += 2 * page
      }
      // In the middle: it splits the mapping in three.
      var failure: WiringFailure?
      do throws(WiringFailure) {
        try mapping.wire(page..<2 * page)
      } catch {
        failure = error
      }
      unsafe munmap(base, length)
      let found = try #require(failure)
      #expect(found.cause == .mappingCount)
      let error = found.error("cannot wire it")
      #expect(error.kind == .limit)
      #expect(error.reason.hasSuffix(" mappings, and vm.max_map_count is \(maximum)"))
      let status = ProcessStatus(parsing: try FileSystem.contents(of: "/proc/self/status"))
      #expect(status.wired == 0)
      try mapping.wire(page..<2 * page)
    }
  }
}
