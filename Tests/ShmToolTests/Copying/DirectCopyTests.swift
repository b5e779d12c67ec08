import ShmTestSupport
import Testing

@Suite(
  "copy --direct",
  .enabled(
    if: Machine.diskDirectory != nil, "needs a file system with O_DIRECT in /var/tmp or /tmp"))
struct DirectCopyTests {
  @Test(
    "--direct copies every byte in both directions, with any kind of end",
    arguments: [
      (0, 0, 20_000_000), (0, 0, 1 << 25), (4096, 8192, 20_000_001), (4096 + 7, 7, 5_000_000),
      (0, 0, 1), (4095, 4095, 2), (1, 0, 20_000_001), (5, 9, 100), (512, 0, 4096), (0, 1, 4096),
      (0, 0, 4096), (100, 100, 3995), (100, 100, 3997), (12288 - 1, 4095, 4098),
    ])
  func ends(_ inFile: Int, _ inRegion: Int, _ length: Int) async throws {
    try await withRegion("34M", ["--sparse"]) { (name) async throws in
      try await Python.test(
        named: name, Machine.diskDirectory ?? "/tmp", "\(inFile)", "\(inRegion)", "\(length)")
    }
  }

  @Test(
    "--direct does not change the page cache, and a copy without it fills the cache",
    .enabled(if: Machine.hasCacheStatistics, "needs cachestat(2), Linux 6.5"))
  func cache() async throws {
    try await withRegion("32M") { (name) async throws in
      try await Python.test(named: name, Machine.diskDirectory ?? "/tmp")
    }
  }

  @Test("a region created with --direct becomes visible only when it is complete")
  func create() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, Machine.diskDirectory ?? "/tmp")
    }
  }

  @Test("the pages of a direct transfer are charged to the memlock limit")
  func limits() async throws {
    try await withRegion("8M", ["--mode", "666"]) { (name) async throws in
      try await Python.test(named: name, Machine.diskDirectory ?? "/tmp")
    }
  }

  @Test("--direct is refused if it is unsupported, and nothing is copied")
  func refused() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name, Machine.diskDirectory ?? "/tmp")
    }
  }

  @Test(
    "after a failed system call the error names its reason and the bytes certainly copied",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"),
    arguments: [
      ("openat:error=EINVAL", 71, "its file system refuses O_DIRECT"),
      ("pread64:error=EIO:when=2", 74, "input/output error"),
      ("pread64:error=EINVAL:when=1+", 71, "its file system refuses O_DIRECT"),
      ("pread64:retval=0:when=1+", 74, "the file ends at byte 0"),
      ("pread64:error=EFAULT:when=1+", 74, "another process shrank it to "),
      ("pread64:error=EINTR:when=1", 0, ""), ("statx:error=ENOSYS", 0, ""),
    ])
  func injected(_ injection: String, _ code: Int, _ sentence: String) async throws {
    try await withRegion("80M") { (name) async throws in
      try await Python.test(
        named: name, Machine.diskDirectory ?? "/tmp", injection, "\(code)", sentence)
    }
  }
}
