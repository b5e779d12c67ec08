import Glibc
import ShmCore
import ShmInspection
import SystemPackage

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

  /// Whether a program is installed.
  public static func has(_ program: String) -> Bool {
    guard let path = unsafe getenv("PATH") else { return false }
    let directories = unsafe String(cString: path).split(separator: ":")
    return directories.contains { unsafe access("\($0)/\(program)", X_OK) == 0 }
  }

  /// Whether strace is installed and this user may trace processes.
  public static let mayTrace: Bool = has("strace") && isRoot
}
