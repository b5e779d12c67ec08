import Glibc
import SystemPackage

/// A process that holds a region's pages wired, as /proc shows it: no record is kept that could
/// be out of date. proc_pid_smaps(5)
///
/// ```swift
/// for holder in try WiringHolder.scan().holders where holder.isBackground {
///   print(holder.process, holder.wired)
/// }
/// ```
public struct WiringHolder: Sendable {
  /// The argument by which a holder in the background is known.
  public static let backgroundMark = "--background-holder"

  /// The process.
  public let process: Int32
  /// Its command, as the kernel keeps it.
  public let command: [UInt8]
  /// Which region.
  public let region: RegionIdentity
  /// The path of the region as /proc shows it.
  public private(set) var path: [UInt8]
  /// How the region can be named from here; nil if nothing leads to it any more.
  public private(set) var reference: RegionReference?
  /// The bytes of its addresses whose mappings carry the lock.
  public internal(set) var wired: Int
  /// The bytes of these that are in RAM.
  public internal(set) var resident: Int
  /// Whether it is `shmtool wire --background`.
  public let isBackground: Bool

  /// Everybody who has pages of a region wired, as far as can be seen.
  public struct Scan: Sendable {
    /// One for each process and region.
    public let holders: [WiringHolder]
    /// How many processes could not be looked at; nil where not even their number is known.
    public let hiddenProcesses: Int?
  }

  /// Looks at every process that has anything wired.
  ///
  /// - Returns: the holders by process.
  /// - Throws: `ShmError` where /proc cannot be read.
  /// - Complexity: linear in the pages that the processes with wired memory have mapped.
  public static func scan() throws(ShmError) -> Scan {
    try ProcessView.check("cannot look at the processes")
    let names = try ShmError.saying("cannot look at the processes") { () throws(Errno) in
      try FileSystem.names(in: "/proc")
    }
    var holders: [WiringHolder] = []
    var hidden = 0
    for name in names {
      guard let process = Int32(name.string) else { continue }
      let directory = ProcessThreads.directory(of: process)
      do {
        let status = ProcessStatus(
          parsing: try FileSystem.contents(of: directory.appending("status")))
        guard let wired = status.wired, wired > 0 else { continue }
        let smaps = try FileSystem.contents(of: directory.appending("smaps"))
        holders += Self.holders(process, directory, smaps)
      } catch .noSuchFileOrDirectory, .noSuchProcess {
        continue
      } catch {
        hidden += 1
      }
    }
    nameAnew(&holders)
    for index in holders.indices {
      holders[index].reference = RegionPathName.reference(
        holders[index].path, holders[index].region, seenBy: holders[index].process)
    }
    // There is a process 1 always, unless /proc is mounted with `hidepid`. proc(5)
    let isEverybodySeen = FileSystem.exists("/proc/1")
    return Scan(holders: holders, hiddenProcesses: isEverybodySeen ? hidden : nil)
  }

  /// What was mapped before it had its name is shown as deleted for ever: the name that it has by
  /// now is better.
  private static func nameAnew(_ holders: inout [WiringHolder]) {
    let mark = Array(" (deleted)".utf8)
    let unnamed = holders.indices.filter { holders[$0].path.suffix(mark.count) == mark[...] }
    guard !unnamed.isEmpty, let inventory = try? RegionInventory.posixObjects() else { return }
    for index in unnamed {
      let entry = inventory.entries.first { $0.identity == holders[index].region }
      if let entry { holders[index].path = Array("\(RegionName.directory)/".utf8) + entry.name }
    }
  }

  private static func holders(
    _ process: Int32, _ directory: FilePath, _ smaps: [UInt8]
  ) -> [WiringHolder] {
    let command = (try? FileSystem.contents(of: directory.appending("comm"))) ?? []
    let arguments = (try? FileSystem.contents(of: directory.appending("cmdline"))) ?? []
    let isBackground = arguments.split(separator: 0)
      .contains { $0.elementsEqual(backgroundMark.utf8) }
    var found: [RegionIdentity: WiringHolder] = [:]
    for mapping in SmapsText.mappings(smaps)
    where mapping.isLocked && mapping.map.isOfRegion {
      let size = Int(
        clamping: mapping.map.addresses.upperBound - mapping.map.addresses.lowerBound)
      var holder =
        found[mapping.map.identity]
        ?? WiringHolder(
          process: process, command: Array(command.prefix { $0 != UInt8(ascii: "\n") }),
          region: mapping.map.identity, path: mapping.map.path, wired: 0, resident: 0,
          isBackground: isBackground)
      holder.wired += size
      holder.resident += mapping.resident
      found[mapping.map.identity] = holder
    }
    return found.values.sorted { $0.region.inode < $1.region.inode }
  }

  /// Ends a holder in the background by SIGTERM, and waits until its pages are released. An error says
  /// whether it was told to end.
  ///
  /// - Parameter milliseconds: how long to wait for its end.
  /// - Throws: `ShmError`: `notFound` where it has ended by itself, `notPermitted`, `timedOut`.
  public func end(milliseconds: Int = 5000) throws(ShmError) {
    let watch = try ProcessWatch(process)
    // The number may have been given to another process before the watch began.
    let arguments = (try? FileSystem.contents(of: FilePath("/proc/\(process)/cmdline"))) ?? []
    guard
      arguments.split(separator: 0).contains(where: { $0.elementsEqual(Self.backgroundMark.utf8) })
    else {
      throw ShmError(
        .notFound, "cannot end process \(process)", "it holds nothing wired in the background")
    }
    try watch.send(SIGTERM)
    if !watch.waitForEnd(milliseconds: milliseconds) {
      throw ShmError(
        .timedOut, "cannot end process \(process)",
        "SIGTERM was sent, and the process has not ended in \(Clock.text(milliseconds))")
    }
  }
}
