import Glibc
import ShmTestSupport
import Testing

@Suite(
  "limits in a namespace of control groups", .serialized,
  .enabled(
    if: TestEnvironment.mayMakeMemoryGroups && TestEnvironment.mayMount,
    "needs root, a memory cgroup and the right to mount"))
struct GroupNamespaceTests {
  @Test("commands see the limit of their group if the hierarchy was mounted outside the namespace")
  func entered() async throws {
    try await withRegion("40M", ["--sparse"]) { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("commands see the limits of a group below the root of the namespace, and of the root")
  func nested() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("commands see the limit of their group if the namespace has mounted the hierarchy")
  func mounted() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("limits reports unknown, and exits with 2, if the control groups are not visible")
  func hidden() async throws {
    try await Python.test()
  }

  @Test("limits reports unknown for a process outside the namespace")
  func outside() async throws {
    try await Python.test()
  }
}
