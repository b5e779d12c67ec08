import ShmTestSupport
import Testing

@Suite(
  "advice about room and namespaces", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct PlaceSpaceTests {
  @Test("enlarges a full /dev/shm by the option of the container, and by a mount only on a machine")
  func sharedMemory() async throws {
    try await Python.test()
  }

  @Test(
    "is the same in the error of wire as in limits, and names no process outside of the namespace")
  func errors() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "knows a user namespace that unshare has made, and raises nothing inside of it",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"))
  func namespace() async throws {
    try await Python.test()
  }

  @Test(
    "about a memory group is that of the unit or the engine that made the group",
    .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
  func groups() async throws {
    try await Python.test()
  }
}
