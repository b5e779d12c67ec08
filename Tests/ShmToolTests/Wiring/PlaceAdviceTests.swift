import ShmTestSupport
import Testing

@Suite(
  "advice about limits", .serialized,
  .enabled(if: TestEnvironment.mayMount, "needs root and the right to mount"))
struct PlaceAdviceTests {
  @Test("for a system service the advice names the unit and its restart")
  func systemService() async throws {
    try await Python.test()
  }

  @Test("for user services and desktop terminals the advice begins with the user manager")
  func userUnits() async throws {
    try await Python.test()
  }

  @Test("in a login session the advice is ulimit, above the hard limit limits.d and a new login")
  func login() async throws {
    try await Python.test()
  }

  @Test("in a container the advice is the engine's option, for the user of the process")
  func containers() async throws {
    try await Python.test()
  }

  @Test("in a pod the advice names neither an engine's option nor a limit of the pod")
  func kubernetes() async throws {
    try await Python.test()
  }

  @Test("for other engines and schedulers the advice names their setting")
  func others() async throws {
    try await Python.test()
  }

  @Test("in a user namespace the advice is the host's limit, never a capability")
  func userNamespaces() async throws {
    try await Python.test()
  }

  @Test("with contradictory or missing evidence the advice is general")
  func unknown() async throws {
    try await Python.test()
  }
}
