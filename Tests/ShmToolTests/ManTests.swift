import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

/// The pages that `Scripts/man` writes.
@Suite(
  "man pages", .enabled(if: Sources.areReadable, "needs the sources"),
  .enabled(if: TestEnvironment.has("mandoc"), "needs mandoc"))
struct ManTests {
  @Test("there is a page for the program, for each command and for the protocol of streams")
  func describesEveryCommand() async throws {
    try await Python.test(Sources.root)
  }

  @Test("each page lists the options of the help")
  func listsTheOptionsOfTheHelp() async throws {
    try await Python.test(Sources.root)
  }

  @Test("each page passes mandoc -T lint and fits 80 columns")
  func passesLint() async throws {
    try await Python.test(Sources.root)
  }

  @Test("the exit statuses are those of the README")
  func hasTheExitStatusesOfTheReadme() async throws {
    try await Python.test(Sources.root)
  }

  @Test("the examples print what the pages show, also for an ordinary user")
  func printsWhatTheExamplesShow() async throws {
    let name = TestName("man")
    try await Python.test(named: name, Sources.root)
  }

  @Test(
    "the example of copy prints what its page shows",
    .enabled(if: mayCopyMemory, "needs kernel.yama.ptrace_scope = 0"))
  func printsWhatTheExampleOfCopyShows() async throws {
    let name = TestName("man")
    try await Python.test(named: name, Sources.root)
  }

  /// Whether every process may read the memory of another process of its user, not only a parent. ptrace(2)
  private static let mayCopyMemory: Bool = {
    let scope = try? FileSystem.contents(of: "/proc/sys/kernel/yama/ptrace_scope")
    return scope.map { $0.first == UInt8(ascii: "0") } ?? true
  }()

  @Test("the pages depend on the binary and on SOURCE_DATE_EPOCH only")
  func writesTheSamePagesForTheSameSourceDate() async throws {
    try await Python.test(Sources.root)
  }

  @Test("Scripts/man refuses wrong arguments")
  func refusesWrongArguments() async throws {
    try await Python.test(Sources.root)
  }
}
