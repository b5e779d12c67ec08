import Glibc
public import ShmCore
public import SystemPackage

/// The regions of the host, of every kind, and their users.
///
/// ```swift
/// let inventory = try RegionInventory.current()
/// for entry in inventory.entries {
///   print(entry.kind, entry.displayName, entry.allocated ?? -1, entry.users.count)
/// }
/// ```
public struct RegionInventory: Sendable {
  /// Additional facts to collect, which take time.
  public struct Facts: OptionSet, Sendable {
    /// The bits.
    public let rawValue: Int

    /// Facts from their bits.
    public init(rawValue: Int) {
      self.rawValue = rawValue
    }

    /// What is resident; it takes time that grows with the regions.
    public static let residency = Facts(rawValue: 1)
    /// What is swapped out; it takes time if the host uses swap.
    public static let swap = Facts(rawValue: 8)
    /// The seals of memfds.
    public static let seals = Facts(rawValue: 16)
    /// What is wired, and what lies on huge pages.
    public static let wiring = Facts(rawValue: 2)
    /// How far the sum agrees with the kernel's.
    public static let account = Facts(rawValue: 4)
    /// Which control groups are charged for the pages: every page that is in RAM is mapped for a moment.
    public static let charges = Facts(rawValue: 32)
    /// Everything but `charges`.
    public static let all: Facts = [.residency, .swap, .wiring, .seals, .account]
  }

  /// A source of regions that could not be read, so that its regions are unknown.
  public struct UnreadableSource: Hashable, Sendable {
    /// The directory or the file.
    public let place: FilePath
    /// Why it could not be read.
    public let reason: String

    /// A place and the reason.
    package init(place: FilePath, reason: String) {
      (self.place, self.reason) = (place, reason)
    }
  }

  /// The regions, in the order of their names' bytes.
  public let entries: [Entry]
  /// How many processes there are whose mappings may not be read. Processes that a `hidepid` mount
  /// or another container hides are not even counted.
  public let hiddenProcesses: Int
  /// Whether the processes seen are all that there are: not under `hidepid`, and not in a container.
  public let seesEverybody: Bool
  /// How far the sum of the regions agrees with the kernel's; nil if it was not requested, or
  /// /proc/meminfo does not say.
  public let account: SharedMemoryAccount?
  /// The sources that could not be read. The others are listed.
  public let unreadable: [UnreadableSource]

  /// Looks at everything that holds regions: the directory of POSIX objects, the mounts of huge pages,
  /// the System V segments, and what the processes have mapped and open.
  ///
  /// Nothing is changed: no page is brought in, none is written.
  ///
  /// - Parameter facts: what is found out beside.
  /// - Returns: the regions.
  /// - Throws: `ShmError`; the failure of one source is no error, see `unreadable`.
  /// - Complexity: linear in the mappings and descriptors of the host, and in the pages of its regions
  ///   if these are counted.
  public static func current(_ facts: Facts = .all) throws(ShmError) -> RegionInventory {
    let scan = ProcessScan.ofMemory()
    var census = RegionCensus(scan, facts)
    census.addNamed()
    census.addHugeFiles()
    census.addSegments()
    census.addUnnamed()
    let entries = census.entries.sortedByMove { $0.name.lexicographicallyPrecedes($1.name) }
    return RegionInventory(
      entries: entries, hiddenProcesses: scan.hiddenProcesses.count,
      seesEverybody: census.users.seesEverybody,
      account: facts.contains(.account) ? SharedMemoryAccount(entries, scan.views) : nil,
      unreadable: scan.unreadable + census.unreadable)
  }

  /// Reads the directory of POSIX objects alone. shm_overview(7)
  ///
  /// - Returns: the objects and semaphores, without their users.
  /// - Throws: `ShmError` if it cannot be read.
  /// - Complexity: linear in the objects.
  public static func posixObjects() throws(ShmError) -> RegionInventory {
    var entries: [Entry] = []
    for name in try names() {
      if let entry = Entry(posix: name) { entries.append(entry) }
    }
    entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return RegionInventory(
      entries: entries, hiddenProcesses: 0, seesEverybody: false, account: nil, unreadable: [])
  }

  /// The names in the directory of POSIX objects; empty if it does not exist.
  package static func names() throws(ShmError) -> [FilePath.Component] {
    let directory = RegionName.directory
    do throws(Errno) {
      do throws(Errno) {
        return try FileSystem.names(in: directory)
      } catch .noSuchFileOrDirectory {
        return []
      }
    } catch {
      throw ShmError("cannot list \(directory)", error)
    }
  }
}
