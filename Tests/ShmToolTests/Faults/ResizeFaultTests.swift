import ShmTestSupport
import Testing

@Suite("resize beside others")
struct ResizeFaultTests {
  @Test("of several at once is done one after the other, and cuts nothing off")
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

  @Test("that is told to end gives back what it took, and so does the next after a kill")
  func ended() async throws {
    try await withRegion("1M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("brings zeros, whatever was stored behind the end of a last page")
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

  @Test("to the size that it has gives back what lies behind the end, of a sparse one as well")
  func behind() async throws {
    try await withRegion("2M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
