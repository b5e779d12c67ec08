import Glibc
import ShmTestSupport
import Testing

@Suite(
  "wire, under real memory pressure", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"),
  .enabled(if: TestEnvironment.hasSwap, "needs swap: Scripts/test sets some up"))
struct SwapTests {
  @Test("a wired region stays in RAM while an unwired region of the same size is swapped out")
  func pressure() async throws {
    let told = try await withNames { (wired, control) async throws in
      try await Python.output(named: wired, control.name)
    }
    print("memory pressure:", told, terminator: "")
  }

  @Test("wiring a swapped region brings it into RAM, where it stays")
  func swappedIn() async throws {
    try await withRegion("16M") { (name) async throws in
      try await Python.test(named: name)
    }
  }

  private func withNames<Value>(
    _ body: (TestName, TestName) async throws -> Value
  ) async throws -> Value {
    let names = (TestName("wired"), TestName("control"))
    defer { withExtendedLifetime(names) {} }
    return try await body(names.0, names.1)
  }
}
