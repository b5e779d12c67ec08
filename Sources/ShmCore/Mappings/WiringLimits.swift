import CShm
import Glibc
import SystemPackage

/// The limits on wiring of this process, and what of them is used. getrlimit(2), capabilities(7)
public struct WiringLimits: Sendable {
  /// The soft limit in bytes, the one that counts; nil is no limit.
  public let soft: Int?
  /// The hard limit in bytes, up to which the soft one may be raised; nil is no limit.
  public let hard: Int?
  /// The bytes that this process has wired (`VmLck`).
  public let used: Int
  /// Whether CAP_IPC_LOCK is effective: then the memlock limit does not count.
  public let hasCapability: Bool

  /// The limits of this process, now.
  ///
  /// - Returns: the figures of this moment.
  /// - Throws: `ShmError` where /proc cannot be read.
  public static func current() throws(ShmError) -> WiringLimits {
    let attempt = "cannot read the limits on wiring"
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    let status = try ShmError.saying(attempt) { () throws(Errno) in
      try SystemCall.checkNegated { unsafe cshm_memlock_limit(0, &soft, &hard) }
      return ProcessStatus(parsing: try FileSystem.contents(of: "/proc/self/status"))
    }
    return WiringLimits(
      soft: soft == .max ? nil : Int(clamping: soft),
      hard: hard == .max ? nil : Int(clamping: hard),
      used: status.wired ?? 0, hasCapability: status.hasEffective(.ipcLock))
  }

  /// How many bytes more the memlock limit lets this process wire; nil is no limit.
  public var remaining: Int? {
    guard !hasCapability, let soft else { return nil }
    return max(0, PageMath.roundDown(soft) - used)
  }
}
