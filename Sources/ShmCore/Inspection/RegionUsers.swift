import Glibc
import SystemPackage

/// Who uses which region, by a look at every process that may be looked at.
///
/// What may not be looked at is unknown, not absent: see `hiddenProcesses`.
///
/// ```swift
/// let identity = try region.status().identity
/// let scan = try RegionUsers.scan(for: [identity])
/// print(scan.users(of: identity).count, "seen,", scan.hiddenProcesses, "processes hidden")
/// ```
public struct RegionUsers: Sendable {
  private var users: [RegionIdentity: [Int32: RegionUser]] = [:]
  /// How many processes there are whose mappings may not be read. Processes that a `hidepid` mount
  /// or another container hides are not even counted.
  public private(set) var hiddenProcesses = 0
  /// Whether the processes seen are all that there are: not under `hidepid`, and not in a container.
  public private(set) var seesEverybody = false

  /// Whether whoever uses a region was found.
  public var isComplete: Bool { seesEverybody && hiddenProcesses == 0 }

  /// Looks at every process but this one. proc_pid_maps(5), proc_pid_fd(5)
  ///
  /// - Parameter wanted: the regions that matter.
  /// - Returns: who uses them.
  /// - Throws: `ShmError` where /proc cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  public static func scan(for wanted: Set<RegionIdentity>) throws(ShmError) -> RegionUsers {
    var scan = RegionUsers()
    scan.seesEverybody = ProcessView.isWhole
    let names = try ShmError.saying("cannot look at the processes") { () throws(Errno) in
      try FileSystem.names(in: "/proc")
    }
    for name in names {
      guard let process = Int32(name.string), process != getpid() else { continue }
      scan.look(at: process, for: wanted)
    }
    return scan
  }

  /// The users of one region, in the order of their numbers.
  public func users(of region: RegionIdentity) -> [RegionUser] {
    (users[region] ?? [:]).values.sorted { $0.process < $1.process }
  }

  private mutating func look(at process: Int32, for wanted: Set<RegionIdentity>) {
    let directory = FilePath("/proc/\(process)")
    var isHidden = false
    do {
      let text = try FileSystem.contents(of: directory.appending("maps"))
      for line in ProcText.lines(text) {
        guard let map = ProcessMap(parsing: line), wanted.contains(map.identity) else { continue }
        note(process, map.identity) { $0.mappings.append(map) }
      }
    } catch .noSuchFileOrDirectory, .noSuchProcess {
      return
    } catch {
      isHidden = true
    }
    do {
      let table = directory.appending("fd")
      for name in try FileSystem.names(in: table) {
        guard let number = Int32(name.string),
          let status = try? FileSystem.openFileStatus(table.appending(name))
        else { continue }
        let identity = RegionIdentity(
          device: UInt64(status.st_dev), inode: UInt64(status.st_ino))
        if wanted.contains(identity) {
          note(process, identity) { $0.descriptors.append(number) }
        }
      }
    } catch .noSuchFileOrDirectory, .noSuchProcess {
      return
    } catch {
      isHidden = true
    }
    if isHidden { hiddenProcesses += 1 }
  }

  private mutating func note(
    _ process: Int32, _ region: RegionIdentity, _ change: (inout RegionUser) -> Void
  ) {
    var user = users[region]?[process] ?? RegionUser(process: process)
    change(&user)
    users[region, default: [:]][process] = user
  }
}
