import Glibc
import SystemPackage

/// The leases that processes hold, as /proc/locks lists them. proc_locks(5)
package struct LeaseTable {
  private let holders: [RegionIdentity: Int32]

  /// Parses the text and ignores lines of another form.
  init(parsing text: [UInt8]) {
    var holders: [RegionIdentity: Int32] = [:]
    // 1: LEASE  ACTIVE    WRITE 1234 00:1b:42 0 EOF
    for line in ProcText.lines(text) {
      let words = ProcText.words(line)
      guard words.count >= 6, words[1].elementsEqual("LEASE".utf8),
        let process = ProcText.decimal(words[4]).flatMap({ Int32(exactly: $0) })
      else { continue }
      let parts = words[5].split(separator: UInt8(ascii: ":"))
      guard parts.count == 3, let major = ProcText.hexadecimal(parts[0]),
        let minor = ProcText.hexadecimal(parts[1]), let inode = ProcText.unsigned(parts[2]),
        major <= 0xFFFF_FFFF, minor <= 0xFFFF_FFFF
      else { continue }
      let device = ProcessMap.deviceNumber(major: major, minor: minor)
      holders[RegionIdentity(device: device, inode: inode)] = process
    }
    self.holders = holders
  }

  /// The current leases; an empty table if /proc/locks cannot be read.
  package static func current() -> LeaseTable {
    LeaseTable(parsing: (try? FileSystem.contents(of: "/proc/locks")) ?? [])
  }

  /// The process that holds a lease on a region; nil if no lease is visible. Opening the region would break the
  /// lease, so an inspection does not open it.
  package func holder(of region: RegionIdentity) -> Int32? { holders[region] }

  /// The reason why `path` cannot be opened, with the process that holds a lease.
  static func reason(_ path: FilePath?) -> String {
    guard let path, let status = try? FileSystem.followedStatus(path),
      let process = current().holder(of: RegionIdentity(status))
    else { return "an unidentified process holds a lease on it" }
    let command = ProcessNumber.command(of: process).map { " (\(Escaping.printable($0)))" } ?? ""
    return "process \(process)\(command) holds a lease on it"
  }
}
