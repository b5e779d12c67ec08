import ShmTestSupport
import Testing

@Suite("sizes and ranges on the command line", .serialized)
struct SizeFaultTests {
  @Test("invalid sizes end with 64, and nothing is created or changed")
  func sizes() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "a size beyond the memory ends with 79 and the figures, also sparse, and affects no other process"
  )
  func absurd() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name, alone: true)
    }
  }

  @Test(
    "ranges past the end, and sums that overflow, exit with 64 and change no byte",
    arguments: [
      "read", "write", "fill --byte 1", "verify --zero", "fill --file -", "verify --file -", "wire",
    ])
  func ranges(_ command: String) async throws {
    try await withRegion("65535") { (name) async throws in
      try await Python.test(named: name, command)
    }
  }

  @Test(
    "an unaligned range is written to the exact byte, and wired in whole pages",
    arguments: [1, 4095, 4096, 4097])
  func unaligned(_ offset: Int) async throws {
    try await withRegion("12289") { (name) async throws in
      try await Python.test(named: name, "\(offset)")
    }
  }
}
