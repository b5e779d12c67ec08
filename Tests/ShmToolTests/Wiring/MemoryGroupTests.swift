import Glibc
import ShmTestSupport
import Testing

@Suite(
  "wire and limits in a memory cgroup", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct MemoryGroupTests {
  @Test("a size above the group's limit is refused with figures, before a page is resident")
  func refused() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("--best-effort wires the part that the control group has room for")
  func bestEffort() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("charged pages need no further room, and wiring half of the room prints a warning")
  func reserved() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("with --force the kernel kills wire at the limit, and no page stays wired")
  func forced() async throws {
    try await withRegion("48M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("limits shows the group, and names it if its limit is the lowest")
  func limits() async throws {
    try await Python.test()
  }

  @Test("the hint fits the environment of the process")
  func circumstances() async throws {
    try await Python.test()
  }
}
