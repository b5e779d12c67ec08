import Glibc
import SystemPackage

/// Every mapping of a region that may be seen.
///
/// ```swift
/// let scan = try RegionUsers.scan(for: [identity])
/// let viewers = RegionMappings(of: identity, in: scan)
/// let map = try PageMap(of: region, seenBy: viewers)
/// ```
public struct RegionMappings: Sendable {
  /// The mappings, by process and address.
  public let mappings: [RegionMapping]
  /// Whether there are no others, and all of these could be looked into.
  public let isComplete: Bool
  /// Whether there is no lock on the region but those of these mappings: also where processes could
  /// not be looked into, but have nothing wired.
  public let hasEveryLock: Bool

  /// Looks into the processes that a scan has found. proc_pid_smaps(5)
  ///
  /// - Parameters:
  ///   - region: which region.
  ///   - scan: a look that was for it, too.
  ///   - isUnused: whether it is proved that nobody uses it.
  /// - Complexity: linear in the pages that these processes have mapped.
  public init(of region: RegionIdentity, in scan: RegionUsers, isUnused: Bool = false) {
    var found: [RegionMapping] = []
    var isComplete = scan.isComplete || isUnused
    for user in scan.users(of: region) where !user.mappings.isEmpty {
      let text = try? FileSystem.contents(
        of: ProcessThreads.directory(of: user.process).appending("smaps"))
      // Mappings of one process: the namespace of a segment is the same.
      let now =
        text.map { text in
          SmapsText.mappings(text).filter { found in
            user.mappings.contains { $0.hasSameRegion(as: found.map) }
          }
        } ?? []
      if text == nil, ProcessView.owner(of: user.process) != nil { isComplete = false }
      // What has ended, or was unmapped, since the scan is told as the scan saw it.
      found +=
        now.isEmpty
        ? user.mappings.map { RegionMapping(process: user.process, map: $0) }
        : now.map { RegionMapping(process: user.process, map: $0.map, smaps: $0) }
    }
    mappings = found
    self.isComplete = isComplete
    hasEveryLock = isComplete || (scan.seesEverybody && Self.nobodyHidesALock)
  }

  /// Whether every process that may not be looked into has nothing wired, which its status says to
  /// everybody. proc_pid_status(5)
  private static var nobodyHidesALock: Bool {
    guard let names = try? FileSystem.names(in: "/proc") else { return false }
    for name in names {
      guard let process = Int32(name.string) else { continue }
      let directory = ProcessThreads.directory(of: process)
      do throws(Errno) {
        let text = try FileSystem.contents(of: directory.appending("status"))
        guard ProcessStatus(parsing: text).wired ?? 0 > 0 else { continue }
        _ = try FileSystem.open(directory.appending("smaps"), O_RDONLY)
      } catch .noSuchFileOrDirectory, .noSuchProcess {
        continue
      } catch {
        return false
      }
    }
    return true
  }

  /// The mappings of one process.
  public func mappings(of process: Int32) -> [RegionMapping] {
    mappings.filter { $0.process == process }
  }
}
