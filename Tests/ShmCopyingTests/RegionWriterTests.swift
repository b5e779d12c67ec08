import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

/// Sets the soft limit of this process.
private func lower(_ resource: __rlimit_resource, to value: Int) throws {
  var limit = rlimit()
  try SystemCall.check { unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) }
  limit.rlim_cur = rlim_t(value)
  try SystemCall.check { unsafe setrlimit(__rlimit_resource_t(resource.rawValue), &limit) }
}

@Suite("Writing an input into a region")
struct RegionWriterTests {
  @Test(
    "an input of any length is written at its offset, also across windows",
    arguments: [true, false],
    [1, page - 1, page, page + 1, 4 * page + 3])
  func lengths(_ isShared: Bool, _ count: Int) throws {
    let edge = 32 << 20
    let region = try Region.anonymous("t", size: 2 * edge, reserve: false)
    var writer = try RegionWriter(region, isShared: isShared)
    let scratch = try ScratchFile()
    unsafe scratch.prefix(count).initializeMemory(as: UInt8.self, repeating: 7)
    for start in [1, edge - count / 2 - 1, 2 * edge - count] {
      try writer.write(scratch, count: count, at: start, of: region)
      #expect(try region.verify(.byte(7), range: start..<start + count) == nil)
      #expect(try region.contents(start - 1..<start) == [0])
      if start + count < 2 * edge {
        #expect(try region.contents(start + count..<start + count + 1) == [0])
      }
    }
    #expect(try region.status().size == 2 * edge)
  }

  @Test(
    "writing grows the region neither before nor after its range",
    arguments: [true, false])
  func bounds(_ isShared: Bool) throws {
    let region = try Region.anonymous("t", size: page)
    let scratch = try ScratchFile()
    var writer = try RegionWriter(region, isShared: isShared)
    error(.inputOutput) { try writer.write(scratch, count: 2, at: page - 1, of: region) }
    error(.inputOutput) { try writer.write(scratch, count: 2, at: Int.max, of: region) }
    error(.usage) { try writer.write(scratch, count: 2, at: -1, of: region) }
    #expect(try region.status().size == page)
  }

  @Test(
    "a part that was cut off during a write does not reappear in the window or last page"
  )
  func shrunk() throws {
    let region = try Region.anonymous("t", size: 4 * page)
    let scratch = try ScratchFile()
    var writer = try RegionWriter(region)
    try writer.write(scratch, count: 4 * page, at: 0, of: region)
    try region.resize(to: page + 1, mayShrink: true)
    error(.inputOutput) { try writer.write(scratch, count: page, at: 2 * page, of: region) }
    error(.inputOutput) { try writer.write(scratch, count: 2, at: page, of: region) }
    #expect(try region.status().size == page + 1)
    try region.resize(to: 8 * page)
    try writer.write(scratch, count: 4 * page, at: 4 * page, of: region)
  }

  @Test("an error under RLIMIT_AS names the address space, not memory")
  func addresses() async {
    await #expect(processExitsWith: .success) {
      let region = try Region.anonymous("t", size: 32 << 20, reserve: false)
      let status = try FileSystem.contents(of: "/proc/self/statm")
      let pages = status.prefix { $0 != UInt8(ascii: " ") }.reduce(0) { $0 * 10 + Int($1) - 48 }
      try lower(RLIMIT_AS, to: pages * page + (8 << 20))
      let refused = error(.noSpace) { try region.store([1], at: 0) }
      #expect(refused?.description.contains("RLIMIT_AS") == true, "\(String(describing: refused))")
    }
  }

  @Test("an input that is not a regular file is read by another system call")
  func fallback() async {
    await #expect(processExitsWith: .success) {
      let region = try Region.anonymous("t", size: 1 << 20)
      signal(SIGXFSZ, SIG_IGN)
      try lower(RLIMIT_FSIZE, to: 4096)
      error(.inputOutput) { _ = try Region.anonymous("t", size: 1 << 20) }
      try region.fill(.sequence, threads: 1)
      #expect(try region.verify(.sequence) == nil)
    }
  }
}
