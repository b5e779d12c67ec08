import Glibc
import ShmCore
import Synchronization
import SystemPackage

/// The files that the processes of the host have mapped or open and that may be regions.
struct ProcessScan {
  /// The regions to search for.
  enum Subject {
    /// These regions.
    case regions(Set<RegionIdentity>)
    /// The memory-backed files in use.
    case memory
  }

  /// A sighting of a region, through which it can be inspected further.
  enum Place {
    case descriptor(process: Int32, number: Int32)
    case mapping(process: Int32, addresses: Range<UInt64>)
  }

  /// The sightings of one region.
  struct Sighting {
    /// Its path as /proc shows it.
    var path: [UInt8]
    var place: Place
    /// The status by fstatat(2), if a process has it open.
    var status: stat?
    /// The users, in the order of /proc.
    var users: [RegionUser] = []
  }

  /// The sightings by region.
  private(set) var sightings: [RegionIdentity: Sighting] = [:]
  /// The processes that could not be inspected.
  private(set) var hiddenProcesses: [Int32] = []
  /// The mounts in memory, by namespace, with a process that sees them. The first is this process's.
  private(set) var views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)] = []
  /// File systems in memory that no process sees mounted, and whether their pages are huge.
  private(set) var unmounted: [UInt64: Bool] = [:]
  /// The sources that could not be read.
  private(set) var unreadable: [RegionInventory.UnreadableSource] = []

  /// An empty scan, without /proc.
  init(without error: ShmError) {
    unreadable = [.init(place: "/proc", reason: error.reason)]
    let own = ProcessReader(.memory)
    views = own.views
  }

  /// Scans every process except this one, with one thread for each processor. proc_pid_maps(5), proc_pid_fd(5)
  ///
  /// - Throws: `ShmError` if /proc cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  init(_ subject: Subject) throws(ShmError) {
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    let own = ProcessNumber.own
    try ProcessView.check("cannot inspect the processes")
    let processes: [Int32]
    do {
      processes = try ProcessDirectory.processes(buffer: &buffer).filter { $0 != own }
    } catch {
      throw ShmError("cannot inspect the processes", error)
    }
    let first = ProcessReader(subject)
    if processes.count < Self.share * 2 || Threads.processors == 1 {
      var reader = first
      for process in processes { reader.look(at: process) }
      add(reader)
    } else {
      let next = Atomic<Int>(0)
      let readers = Mutex<[ProcessReader]>([])
      Threads.run(min(4, Threads.processors)) {
        var reader = first
        while true {
          let start = next.wrappingAdd(Self.share, ordering: .relaxed).oldValue
          guard start < processes.count else { break }
          for process in processes[start..<min(processes.count, start + Self.share)] {
            reader.look(at: process)
          }
        }
        readers.withLock { $0.append(reader) }
      } whileWaiting: {
      }
      for reader in readers.withLock({ $0 }) { add(reader) }
      for key in sightings.keys { sightings[key]?.users.sort { $0.process < $1.process } }
    }
  }

  /// Scans for all files in memory. Without /proc the result is empty, and says so.
  static func ofMemory() -> ProcessScan {
    do {
      return try ProcessScan(.memory)
    } catch {
      return ProcessScan(without: error)
    }
  }

  /// How many processes a thread takes at once.
  private static let share = 16

  private mutating func add(_ reader: ProcessReader) {
    hiddenProcesses += reader.hiddenProcesses
    unmounted.merge(reader.unmounted) { one, _ in one }
    for source in reader.unreadable where !unreadable.contains(source) { unreadable.append(source) }
    for view in reader.views where !views.contains(where: { $0.name == view.name }) {
      views.append(view)
    }
    if sightings.isEmpty {
      sightings = reader.sightings
      return
    }
    for (key, seen) in reader.sightings {
      guard var sighting = sightings[key] else {
        sightings[key] = seen
        continue
      }
      sighting.prefer(seen)
      sighting.users += seen.users
      sightings[key] = sighting
    }
  }
}

extension ProcessScan.Sighting {
  /// A descriptor can be asked for more than a mapping.
  mutating func prefer(_ other: Self) {
    guard status == nil, other.status != nil else { return }
    (path, place, status) = (other.path, other.place, other.status)
  }
}
