import ShmTestSupport
import Testing

@Suite("copy, with unusual ends")
struct CopyEndTests {
  @Test(
    "a process's mapping of the region, and a redirected region, overlap as the region itself does")
  func overlap() async throws {
    try await withRegion("4M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a file ends where the copy ends, even after 0 bytes, and another user's file is left alone")
  func files() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("offsets in the last page that there is are copied as others are")
  func lastPage() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--direct opens no FIFO, and a thread ID is reported as such")
  func refused() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("times that no clock shows are shown as any others")
  func ages() async throws {
    try await Python.test()
  }
}
