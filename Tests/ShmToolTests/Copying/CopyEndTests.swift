import ShmTestSupport
import Testing

@Suite("copy, with unusual ends")
struct CopyEndTests {
  @Test(
    "overlap is detected through a process's mapping and a redirected descriptor, too")
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

  @Test("offsets in the last addressable page are copied")
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

  @Test("file times outside the usual range are shown")
  func ages() async throws {
    try await Python.test()
  }
}
