import ShmTestSupport
import Testing

@Suite(
  "Advice about space and namespaces", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct PlaceSpaceTests {
  @Test("for a full /dev/shm the advice is a container's option, or a mount on a machine")
  func sharedMemory() async throws {
    try await Python.test()
  }

  @Test(
    "wire and limits give the same advice, without processes outside the namespace")
  func errors() async throws {
    try await withRegion("64K") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "in a user namespace of unshare the advice changes nothing inside it",
    .enabled(if: TestEnvironment.mayMakeUserNamespaces, "needs unshare and user namespaces"))
  func namespace() async throws {
    try await Python.test()
  }

  @Test(
    "for a memory group the advice names the unit or engine that made the group",
    .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
  func groups() async throws {
    try await Python.test()
  }
}
