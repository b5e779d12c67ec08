import Glibc
import ShmCore
import SystemPackage

extension SystemVSegment {
  /// Opens a segment through a process that has it attached. Attaching it here would change its attach time and count.
  /// proc_pid_map_files(5)
  ///
  /// - Parameters:
  ///   - segment: which segment.
  ///   - reference: how it was named.
  ///   - users: the processes that have it attached.
  /// - Returns: the segment, open for reading; nil if it cannot be reached in that way.
  static func open(
    _ segment: RegionIdentity, _ reference: RegionReference, attachedBy users: [RegionUser]
  ) -> Region? {
    for user in users {
      let directory = ProcessThreads.directory(of: user.process).appending("map_files")
      for map in user.mappings {
        guard
          let descriptor = try? FileSystem.open(
            directory.appending(map.addresses.fileName), O_RDONLY | O_NONBLOCK),
          (try? descriptor.status().st_ino).map({ UInt64($0) }) == segment.inode
        else { continue }
        return Region(reference, access: .readOnly, descriptor: descriptor)
      }
    }
    return nil
  }
}

extension Range<UInt64> {
  /// The name of a mapping in /proc/PID/map_files.
  var fileName: String {
    "\(String(lowerBound, radix: 16))-\(String(upperBound, radix: 16))"
  }
}
