import Glibc
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

/// Python's standard library as the other party: it maps, truncates, signals and parses without a
/// line of this project's code.
///
/// The code of the suite `Streams/TransferTests.swift` is in `Python/Streams/TransferTests.py`, a
/// function for each test. `Python/run.py` runs it.
enum Python {
  /// Runs the function of this test, whose assertions must hold.
  ///
  /// The function gets the arguments. `name` is there for it as `N`, and is removed after the test. If
  /// the tests may make namespaces, `alone` gives it its own for mounts, processes and System V:
  /// it sees no object of another test, and other tests see none of its objects.
  static func test(
    named name: TestName? = nil, _ arguments: String..., alone: Bool = false,
    file: String = #filePath, function: String = #function,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await test(
      named: name, arguments: arguments, alone: alone, file: file, function: function,
      sourceLocation: sourceLocation)
  }

  /// Runs the function of this test with a list of arguments.
  static func test(
    named name: TestName? = nil, arguments: [String], alone: Bool = false,
    file: String = #filePath, function: String = #function,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let result = try await run(
      suite(of: file), function, named: name, arguments, alone: alone,
      sourceLocation: sourceLocation)
    if result.code != 0 {
      Issue.record("\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    }
  }

  /// Runs a file that is a test as a whole, such as `Streams/hosts`.
  static func test(
    script: String, named name: TestName? = nil, _ arguments: String..., alone: Bool = false,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    let result = try await run(
      script, "-", named: name, arguments, alone: alone, sourceLocation: sourceLocation)
    if result.code != 0 {
      Issue.record("\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    }
  }

  /// Runs the function of this test, whose assertions must hold, and returns what it printed.
  static func output(
    named name: TestName? = nil, _ arguments: String..., alone: Bool = false,
    file: String = #filePath, function: String = #function,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws -> String {
    let result = try await run(
      suite(of: file), function, named: name, arguments, alone: alone,
      sourceLocation: sourceLocation)
    try #require(
      result.code == 0, "\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    return result.text
  }

  /// Whether the interpreter can import a module.
  static func has(module: String) async -> Bool {
    guard TestEnvironment.has("python3") else { return false }
    return (try? await Tool.run(interpreter, ["-E", "-c", "import \(module)"]))?.code == 0
  }

  /// Runs a function of a file, or with `-` the file, to its end. Each report of the tool that it parses must follow
  /// its schema.
  private static func run(
    _ file: String, _ function: String, named name: TestName?, _ arguments: [String],
    alone: Bool = false, sourceLocation: SourceLocation
  ) async throws -> Tool.Result {
    defer { withExtendedLifetime(name) {} }
    let reports = try TemporaryFile()
    defer { check(reports, sourceLocation) }
    let environment = ["SHMTOOL_REPORTS": reports.path]
    let function = String(function.prefix { $0 != "(" })
    let words =
      [interpreter, "-E", "-B", directory + "/run.py", file, function, name?.name ?? ""] + arguments
    let result: Tool.Result
    if alone, TestEnvironment.mayMount, TestEnvironment.has("unshare") {
      result = try await Tool.run(
        "unshare",
        [
          "-m", "-i", "-p", "--fork", "--kill-child", "--propagation", "private", "sh", "-c",
          "mount -t proc proc /proc && mount -t tmpfs tmpfs /dev/shm && exec \"$@\"", "sh",
        ] + words, environment: environment)
    } else {
      result = try await Tool.run(words[0], Array(words.dropFirst()), environment: environment)
    }
    if result.code == 77, let reason = result.error.split(separator: "\n").last,
      reason.hasPrefix("needs ")
    {
      try TestEnvironment.skip(String(reason))
    }
    return result
  }

  /// Checks the reports that `Python/run.py` has recorded, each as a string of JSON on a line.
  private static func check(_ reports: TemporaryFile, _ sourceLocation: SourceLocation) {
    let text = (try? FileSystem.contents(of: FilePath(reports.path))) ?? []
    for line in text.split(separator: UInt8(ascii: "\n")) {
      do throws(JSON.Failure) {
        _ = try JSON(report: Array((try JSON(line).text ?? "").utf8))
      } catch {
        Issue.record("\(error)", sourceLocation: sourceLocation)
      }
    }
  }

  /// The file of a suite, from the path of the suite: `Streams/TransferTests`, or `ReadTests`.
  private static func suite(of file: String) -> String {
    let words = file.split(separator: "/")
    let inside = words.drop { $0 != "ShmToolTests" }.dropFirst()
    return inside.joined(separator: "/").replacing(".swift", with: "")
  }

  /// The directory of the files: beside the built tests if they were copied with them, otherwise in the sources.
  private static let directory: String = {
    let copied = "\(Tool.directory)/Python"
    if unsafe access(copied, R_OK) == 0 { return copied }
    return #filePath.split(separator: "/").dropLast(2).map { "/" + $0 }.joined() + "/Python"
  }()

  /// The system's own, which every user may run, before one of a version manager.
  private static let interpreter =
    unsafe access("/usr/bin/python3", X_OK) == 0 ? "/usr/bin/python3" : "python3"
}
