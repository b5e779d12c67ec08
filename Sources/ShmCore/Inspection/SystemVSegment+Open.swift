import Glibc
import SystemPackage

extension SystemVSegment {
  /// Opens a segment through a process that has it attached: to attach it here would change what the
  /// kernel keeps of it. proc_pid_map_files(5)
  ///
  /// - Parameter identifier: its number.
  /// - Returns: the segment, open for reading.
  /// - Throws: `ShmError`: `notFound` where there is no such segment, `notPermitted` where it cannot be
  ///   reached in that way.
  static func open(_ identifier: Int32) throws(ShmError) -> Region {
    let attempt = "cannot open 'sysv:\(identifier)'"
    let isThere = SystemVSegment.all().contains { $0.identifier == identifier }
    guard isThere else {
      throw ShmError(
        .notFound, attempt, "there is no such segment", remedy: "'ipcs -m' shows those there are")
    }
    for name in (try? FileSystem.names(in: "/proc")) ?? [] where Int32(name.string) != nil {
      let directory = FilePath("/proc").appending(name)
      guard let text = try? FileSystem.contents(of: directory.appending("maps")) else { continue }
      // The number of the segment is the number of its file.
      let map = ProcText.lines(text).lazy.compactMap { ProcessMap(parsing: $0) }.first {
        $0.identity.inode == UInt64(identifier) && RegionKind(path: $0.path) == .systemV
      }
      guard let map,
        let descriptor = try? FileSystem.open(
          directory.appending("map_files").appending(map.addresses.fileName), O_RDONLY | O_NONBLOCK)
      else { continue }
      return Region(.systemV(identifier), access: .readOnly, descriptor: descriptor)
    }
    throw ShmError(
      .notPermitted, attempt, "no process that may be looked into has it attached",
      remedy: "ask as root, while a process has it attached that root may look into")
  }
}

extension Range<UInt64> {
  /// The name of a mapping in /proc/PID/map_files.
  var fileName: String {
    "\(String(lowerBound, radix: 16))-\(String(upperBound, radix: 16))"
  }
}
