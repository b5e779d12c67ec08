import ShmTestSupport
import Testing

@Suite("resize beside others")
struct ResizeFaultTests {
  @Test("concurrent resizes run one after the other, and lose no bytes")
  func several() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "that fails leaves what others have put in meanwhile",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func bytes() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("an interrupted resize gives back its memory, and so does the next one after SIGKILL")
  func ended() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("growing adds zeros, whatever was stored after the end in the last page")
  func tail() async throws {
    try await withRegion("100") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("does not shrink what has grown, and found users, since it was looked at")
  func grown() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("a resize to the present size frees what is stored after the end, also of a sparse region")
  func behind() async throws {
    try await withRegion("2M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
