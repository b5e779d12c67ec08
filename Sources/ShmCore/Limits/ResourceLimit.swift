import Glibc
import SystemPackage

/// Limits on the resources of a process, which bound regions and their mappings. getrlimit(2),
/// proc_pid_limits(5)
enum ResourceLimit {
  /// The largest size of a file.
  ///
  /// - Parameter process: its number; nil for this process.
  /// - Returns: bytes; nil if there is no limit, or if it cannot be read.
  static func fileSize(of process: Int32?) -> Int? {
    soft(RLIMIT_FSIZE, "Max file size", of: process)
  }

  /// How much of addresses a process may have, and how much it has.
  ///
  /// - Parameter process: its number; nil for this process.
  /// - Returns: bytes; nil if there is no limit, or if it cannot be read.
  static func addressSpace(of process: Int32?) -> WiringLimits.AddressSpace? {
    let path = FilePath("/proc/\(process.map { "\($0)" } ?? "self")/statm")
    guard let limit = soft(RLIMIT_AS, "Max address space", of: process),
      let line = try? FileSystem.firstLine(of: path),
      let pages = ProcText.words(line).first.flatMap({ ProcText.decimal($0) })
    else { return nil }
    return WiringLimits.AddressSpace(limit: limit, used: pages * PageMath.pageSize)
  }

  private static func soft(
    _ resource: __rlimit_resource, _ name: String, of process: Int32?
  ) -> Int? {
    guard let process else { return Errno.limit(resource).soft }
    let text = (try? FileSystem.contents(of: FilePath("/proc/\(process)/limits"))) ?? []
    // Max file size             unlimited            unlimited            bytes
    return ProcText.lines(text).first { $0.starts(with: name.utf8) }
      .flatMap { ProcText.words($0.dropFirst(name.utf8.count)).first }
      .flatMap { ProcText.decimal($0) }
  }
}
