import CShm
import Glibc
import ShmCore
import Subprocess
import SystemPackage

/// The built `shmtool`, run as a process.
public enum Tool {
  /// The results of a process that has ended.
  public struct Result: Sendable {
    /// The exit code, or 128 + n if signal n ended it.
    public let code: Int32
    /// Whether a signal ended it.
    public let isSignaled: Bool
    /// What it wrote to stdout.
    public let output: [UInt8]
    /// What it wrote to stderr.
    public let error: String

    /// stdout as text.
    public var text: String { String(decoding: output, as: UTF8.self) }
  }

  /// The directory of the built tests.
  public static let directory: String =
    ((try? FileSystem.link("/proc/self/exe")) ?? "/").removingLastComponent().string

  /// The binary: that of the environment variable `SHMTOOL`, or the one built beside the tests.
  public static let path: String =
    unsafe getenv("SHMTOOL").map { unsafe String(cString: $0) }
    ?? "\(directory)/shmtool"

  /// Whether it is linked as a release is: it names no dynamic linker in its first bytes.
  public static let isStatic: Bool = {
    let first = (try? FileSystem.contents(of: FilePath(path)))?.prefix(4096) ?? []
    return !first.isEmpty && !String(decoding: first, as: UTF8.self).contains("ld-linux")
  }()

  /// Runs `shmtool` with arguments, to its end.
  @discardableResult
  public static func run(
    _ arguments: String..., input: [UInt8] = []
  ) async throws -> Result {
    try await run(path, arguments, input: input)
  }

  /// Runs `shmtool` in a shell, in which `$SHMTOOL` is the binary: for redirections, limits, jobs.
  @discardableResult
  public static func shell(
    _ script: String, input: [UInt8] = [], environment: [String: String] = [:]
  ) async throws -> Result {
    try await run("/bin/bash", ["-c", script], input: input, environment: environment)
  }

  /// Runs a program to its end. A name without a slash is looked up in PATH; if it is not installed, the test is skipped.
  @discardableResult
  public static func run(
    _ program: String, _ arguments: [String], input: [UInt8] = [],
    environment: [String: String] = [:]
  ) async throws -> Result {
    guard TestEnvironment.has(program) else { try TestEnvironment.skip("needs \(program)") }
    var variables: [Environment.Key: String?] = ["SHMTOOL": path]
    for (name, value) in environment { variables[Environment.Key(stringLiteral: name)] = value }
    let executable: Executable =
      program.contains("/") ? .path(FilePath(program)) : .name(program)
    let ended = try await Subprocess.run(
      executable, arguments: Arguments(arguments),
      environment: .inherit.updating(variables),
      input: .fileDescriptor(try source(of: input), closeAfterSpawningProcess: true),
      output: .bytes(limit: 256 << 20), error: .string(limit: 1 << 20))
    let code: Int32
    let isSignaled: Bool
    switch ended.terminationStatus {
    case .exited(let number): (code, isSignaled) = (number, false)
    case .signaled(let number): (code, isSignaled) = (128 + number, true)
    }
    return Result(
      code: code, isSignaled: isSignaled, output: ended.standardOutput,
      error: ended.standardError)
  }

  /// A file with all of `input`: a pipe, or an unnamed file if the input exceeds a pipe of the default size. No process
  /// writes while the program runs, so a program that ends early breaks no pipe.
  private static func source(of input: [UInt8]) throws -> FileDescriptor {
    guard input.count <= 65536 else { return try filledFile(input) }
    var ends: [CInt] = [-1, -1]
    try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    let writing = FileDescriptor(rawValue: ends[1])
    try writing.closeAfter { _ = try writing.writeAll(input) }
    return FileDescriptor(rawValue: ends[0])
  }

  private static func filledFile(_ input: [UInt8]) throws -> FileDescriptor {
    let file = FileDescriptor(
      rawValue: try SystemCall.checkNegated { unsafe cshm_memfd_create("shmtool-input", 0) })
    _ = try file.writeAll(toAbsoluteOffset: 0, input)
    return file
  }
}
