import CShm
import Glibc
package import SystemPackage

/// How much of the machine's processes /proc shows.
package enum ProcessView {
  /// Whether there is a /proc.
  package static var isThere: Bool { FileSystem.exists("/proc/self") }

  /// The error if /proc is not mounted.
  package static func missing(_ attempt: String) -> ShmError {
    ShmError(
      .notFound, attempt, "/proc is not mounted", remedy: "mount it with 'mount -t proc proc /proc'"
    )
  }

  /// Throws if /proc is not mounted.
  package static func check(_ attempt: String) throws(ShmError) {
    guard isThere else { throw missing(attempt) }
  }

  /// The user that this process acts as, `UInt32.max` if unknown. geteuid(2)
  package static var user: UInt32 { UInt32(truncatingIfNeeded: cshm_effective_user()) }

  /// Whether this process may have leases on files of other users: the capability counts in the first
  /// user namespace alone. user_namespaces(7)
  static let mayLease: Bool = {
    guard let namespace = try? FileSystem.link("/proc/self/ns/user"),
      // PROC_USER_INIT_INO of the kernel's include/uapi/linux/nsfs.h
      namespace.string == "user:[\(0xEFFF_FFFD as UInt32)]",
      let text = try? FileSystem.contents(of: "/proc/self/status")
    else { return false }
    return ProcessStatus(parsing: text).hasEffective(.lease)
  }()

  /// The owner of a process; nil if it does not exist or is not visible.
  package static func owner(of process: Int32) -> UInt32? {
    (try? FileSystem.status(FilePath("/proc/\(process)")))?.st_uid
  }

  /// Throws unless the mappings of a process may be read.
  ///
  /// - Throws: `ShmError`: `notFound`, `notPermitted`.
  package static func checkMayLook(at process: Int32) throws(ShmError) {
    let explain = { (error: Errno) in
      switch error {
      case .noSuchFileOrDirectory, .noSuchProcess:
        isThere
          ? ShmError(.notFound, "cannot inspect process \(process)", "no such process")
          : missing("cannot inspect process \(process)")
      default:
        ShmError("cannot inspect process \(process)", error)
      }
    }
    do throws(Errno) {
      _ = try FileSystem.open(FilePath("/proc/\(process)/maps"), O_RDONLY)
    } catch {
      throw explain(error)
    }
  }

  /// Whether /proc shows every process of the machine. Process 1 is visible unless /proc is mounted with `hidepid`, and
  /// the first PID namespace has a fixed inode number. proc(5), pid_namespaces(7)
  package static var isWhole: Bool {
    guard FileSystem.exists("/proc/1"),
      let namespace = try? FileSystem.link("/proc/self/ns/pid")
    else { return false }
    // PROC_PID_INIT_INO of the kernel's include/uapi/linux/nsfs.h
    return namespace.string == "pid:[\(0xEFFF_FFFC as UInt32)]"
  }

  /// Why a file of a process in /proc could not be read.
  package static func explain(_ error: Errno, _ process: Int32, _ attempt: String) -> ShmError {
    switch error {
    case .noSuchFileOrDirectory, .noSuchProcess:
      guard isThere else { return missing(attempt) }
      return ShmError(
        .notFound, attempt, "process \(process) does not exist", errorNumber: error.rawValue)
    case .permissionDenied, .notPermitted:
      return ShmError(
        .notPermitted, attempt, "permission to inspect process \(process) was denied",
        remedy: "run as the same user with permission to ptrace it, or with CAP_SYS_PTRACE",
        errorNumber: error.rawValue)
    default: return ShmError(attempt, error)
    }
  }
}
