import Glibc
import ShmCore
import ShmInspection
import SystemPackage

/// A process that holds a region's pages wired, as /proc shows it: no record is kept that could
/// be out of date. proc_pid_smaps(5)
///
/// ```swift
/// for holder in try WiringHolder.scan().holders where holder.isBackground {
///   print(holder.process, holder.wired)
/// }
/// ```
struct WiringHolder: Sendable {
  /// The argument by which a holder in the background is known.
  static let backgroundMark = "--background-holder"

  /// What a process's arguments say of it.
  enum Role: Sendable {
    /// It was started to hold regions until a signal ends it.
    case background
    /// It holds regions for its user or for a command.
    case foreground
  }

  /// The process.
  let process: Int32
  /// Its command, as the kernel keeps it.
  let command: [UInt8]
  /// Which region.
  let region: RegionIdentity
  /// The path of the region as /proc shows it.
  var path: [UInt8]
  /// How the region can be named from here; nil if nothing leads to it any more.
  var reference: RegionReference?
  /// The bytes of its addresses whose mappings carry the lock, or lie on huge pages of a pool.
  var wired: Int
  /// The bytes of these that are in RAM.
  var resident: Int
  /// Whether these are huge pages of a pool, which are never swapped and carry no lock.
  var hasHugePages: Bool
  /// Whether it was started to hold regions in the background.
  let isBackground: Bool

  /// All visible processes that have pages of regions wired.
  struct Scan: Sendable {
    /// One for each process and region. A process that was started to hold regions is here even if no
    /// page of them is wired.
    let holders: [WiringHolder]
    /// How many processes could not be looked at; nil where not even their number is known.
    let hiddenProcesses: Int?
    /// Those of them that hold regions in the background, by their arguments.
    let hiddenHolders: [Int32]
  }

  /// Whether a process holds regions in the background, by its arguments alone.
  ///
  /// - Parameter arguments: the arguments, each with a NUL after it. proc_pid_cmdline(5)
  /// - Returns: `background`, or nil.
  static func role(ofArguments arguments: [UInt8]) -> Role? {
    arguments.firstRange(of: [0] + Array(backgroundMark.utf8) + [0]) == nil ? nil : .background
  }

  /// Looks at every process that has anything wired, or that was started to wire.
  ///
  /// - Parameter role: what the arguments of a process say of it, each with a NUL after it; nil if it is
  ///   no holder by them.
  /// - Returns: the holders by process.
  /// - Throws: `ShmError` where /proc cannot be read.
  /// - Complexity: linear in the pages that these processes have mapped.
  static func scan(
    role: ([UInt8]) -> Role? = WiringHolder.role(ofArguments:)
  ) throws(ShmError) -> Scan {
    try ProcessView.check("cannot inspect the processes")
    let names: [FilePath.Component]
    do {
      names = try FileSystem.names(in: "/proc")
    } catch {
      throw ShmError("cannot inspect the processes", error)
    }
    var holders: [WiringHolder] = []
    var hidden = 0
    var hiddenHolders: [Int32] = []
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    for name in names {
      guard let process = Int32(name.string), process != getpid() else { continue }
      var known: Role?
      do {
        guard let found = try directory(of: process, &buffer) else { continue }
        let length = try found.directory.read("cmdline", into: &buffer)
        known = role(Array(buffer[..<length]))
        guard found.wired > 0 || known != nil else { continue }
        let count = try found.directory.read("smaps", into: &buffer)
        let smaps = Array(buffer[..<count])
        holders += Self.holders(found.directory, smaps, known, &buffer)
      } catch .noSuchFileOrDirectory, .noSuchProcess {
        continue
      } catch {
        hidden += 1
        if known == .background { hiddenHolders.append(process) }
      }
    }
    findNames(&holders)
    for index in holders.indices {
      holders[index].reference = RegionPathName.reference(
        holders[index].path, holders[index].region, seenBy: holders[index].process)
    }
    // There is a process 1 always, unless /proc is mounted with `hidepid`. proc(5)
    let isEverybodySeen = FileSystem.exists("/proc/1")
    return Scan(
      holders: holders, hiddenProcesses: isEverybodySeen ? hidden : nil,
      hiddenHolders: hiddenHolders)
  }

  /// A process's directory, and how much it has wired; nil for one without addresses. The first thread may
  /// have ended before the others.
  private static func directory(
    of process: Int32, _ buffer: inout [UInt8]
  ) throws(Errno) -> WiredProcess? {
    let own = try ProcessDirectory(process)
    let count = try own.readStart("status", into: &buffer)
    if let wired = ProcessStatus.wired(in: buffer[..<count]) {
      return WiredProcess(directory: own, wired: wired)
    }
    let thread = ProcessThreads.living(of: process)
    if thread == process { return nil }
    let directory = try ProcessDirectory(process, thread: thread)
    let length = try directory.readStart("status", into: &buffer)
    guard let wired = ProcessStatus.wired(in: buffer[..<length]) else { return nil }
    return WiredProcess(directory: directory, wired: wired)
  }

  /// The arguments, each with a NUL after it; none if they cannot be read.
  static func arguments(of directory: FilePath) -> [UInt8] {
    (try? FileSystem.contents(of: directory.appending("cmdline"))) ?? []
  }

  /// Looks up the present names of regions whose path is marked as removed. The kernel marks a region permanently if it
  /// was mapped before it got its name.
  private static func findNames(_ holders: inout [WiringHolder]) {
    let unnamed = holders.indices.filter {
      let path = KernelPath(holders[$0].path)
      return path.isMarked && !path.isName(of: holders[$0].region)
    }
    guard !unnamed.isEmpty, let inventory = try? RegionInventory.posixObjects() else { return }
    for index in unnamed {
      let entry = inventory.entries.first { $0.identity == holders[index].region }
      if let entry { holders[index].path = Array("\(RegionName.directory)/".utf8) + entry.name }
    }
  }

  private static func holders(
    _ directory: borrowing ProcessDirectory, _ smaps: [UInt8], _ role: Role?,
    _ buffer: inout [UInt8]
  ) -> [WiringHolder] {
    let length = (try? directory.readStart("comm", into: &buffer)) ?? 0
    let command = Array(buffer[..<length].prefix { $0 != UInt8(ascii: "\n") })
    let process = directory.process
    var found: [RegionIdentity: WiringHolder] = [:]
    for mapping in SmapsText.mappings(smaps)
    where mapping.map.isOfRegion && (mapping.isLocked || role != nil && mapping.map.isShared) {
      let size = Int(
        clamping: mapping.map.addresses.upperBound - mapping.map.addresses.lowerBound)
      var holder =
        found[mapping.map.identity]
        ?? WiringHolder(
          process: process, command: command, region: mapping.map.identity, path: mapping.map.path,
          wired: 0, resident: 0,
          hasHugePages: false, isBackground: role == .background)
      if mapping.isLocked || mapping.isOfPool {
        holder.wired += size
        holder.resident += mapping.resident + mapping.pool
      }
      holder.hasHugePages = holder.hasHugePages || mapping.isOfPool
      found[mapping.map.identity] = holder
    }
    return found.values.sorted { $0.region.inode < $1.region.inode }
  }
}

/// A process that may be looked at, and the bytes that it has wired.
private struct WiredProcess: ~Copyable {
  let directory: ProcessDirectory
  let wired: Int
}
