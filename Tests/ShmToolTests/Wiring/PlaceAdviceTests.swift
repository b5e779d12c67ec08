import ShmTestSupport
import Testing

@Suite(
  "advice about limits", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct PlaceAdviceTests {
  @Test("names the unit of a system service and its restart, for each mark")
  func systemService() async throws {
    try await Python.test()
  }

  @Test("raises the user's manager first for a user service and for a desktop's terminal")
  func userUnits() async throws {
    try await Python.test()
  }

  @Test("raises the soft limit alone in a login session, and above it by limits.d and a new login")
  func login() async throws {
    try await Python.test()
  }

  @Test("is the option of the engine that started the container, for the user of the process")
  func containers() async throws {
    try await Python.test()
  }

  @Test("never names an option of an engine, or its own limit, in a pod")
  func kubernetes() async throws {
    try await Python.test()
  }

  @Test("names the engine or the scheduler, and the setting that it has")
  func others() async throws {
    try await Python.test()
  }

  @Test("never suggests a capability in a user namespace, and raises the host's limit first")
  func userNamespaces() async throws {
    try await Python.test()
  }

  @Test("is general if the evidence is contradictory or missing")
  func unknown() async throws {
    try await Python.test()
  }
}
