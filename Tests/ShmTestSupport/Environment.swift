import Glibc
import ShmCore
import ShmInspection
import SystemPackage
import Testing

/// What this machine and this user have: a test that cannot run says which of these is missing.
public enum TestEnvironment {
  /// Whether the tests run as root with the right to mount.
  public static let mayMount: Bool = {
    guard geteuid() == 0,
      let text = try? FileSystem.contents(of: "/proc/self/status")
    else { return false }
    return ProcessStatus(parsing: text).hasEffective(.sysAdmin)
  }()

  /// Whether the tests run as root.
  public static let isRoot = geteuid() == 0

  /// Whether the tests may look at every process of the machine.
  public static let seesEveryProcess = (try? RegionUsers.scan(for: []))?.isComplete == true

  /// Whether a program is installed. A path with a slash is not looked up: a program that a test has made must exist.
  public static func has(_ program: String) -> Bool {
    if program.contains("/") { return true }
    guard let path = unsafe getenv("PATH") else { return false }
    let directories = unsafe String(cString: path).split(separator: ":")
    return directories.contains { unsafe access("\($0)/\(program)", X_OK) == 0 }
  }

  /// Skips the running test with a reason, or this case of a test with arguments.
  public static func skip(_ reason: String) throws -> Never {
    if Test.Case.current?.isParameterized == true, let test = Test.current {
      // The testing library prints no reason for a case.
      print("➜ Case of test \"\(test.displayName ?? test.name)\" skipped: \"\(reason)\"")
    }
    try Test.cancel("\(reason)")
  }

  /// Whether strace is installed and this user may trace processes.
  public static let mayTrace: Bool = has("strace") && isRoot
}
