import Glibc
import ShmCore
import Synchronization
import SystemPackage

/// The smaps data of processes. Each process is read only once for all regions.
final class ProcessLocks: Sendable {
  /// A region as a mapping names it; of System V segments without the namespace, which is the same for all
  /// mappings of a process.
  private struct Region: Hashable {
    let device: UInt64
    let inode: UInt64

    init(_ map: ProcessMap) {
      device = map.identity.device
      inode = map.identity.inode
    }
  }

  private struct Facts {
    /// The locks by process; nil for a process whose smaps cannot be read.
    var mappings: [Int32: [Region: [SmapsText.Mapping]]?] = [:]
    var areAllSeen: Bool?
  }

  private let facts = Mutex(Facts())

  /// The mappings by a process of the regions that these mappings are of. proc_pid_smaps(5)
  ///
  /// - Returns: the mappings, by address; nil if they cannot be read.
  func mappings(of process: Int32, like maps: [ProcessMap]) -> [SmapsText.Mapping]? {
    facts.withLock { facts in
      if facts.mappings[process] == nil {
        facts.mappings[process] = .some(Self.read(process))
      }
      guard let known = facts.mappings[process], let known else { return nil }
      let found = Set(maps.map(Region.init)).flatMap { known[$0] ?? [] }
      return found.sorted { $0.map.addresses.lowerBound < $1.map.addresses.lowerBound }
    }
  }

  /// Reads the processes that were not read yet, several at the same time if there are many. The kernel walks all pages
  /// of a process for its smaps.
  func prepare(_ processes: [Int32]) {
    let missing = facts.withLock { facts in processes.filter { facts.mappings[$0] == nil } }
    guard missing.count > 32, Threads.processors > 1 else { return }
    let next = Atomic(0)
    Threads.run(
      min(4, Threads.processors),
      body: {
        while true {
          let index = next.wrappingAdd(1, ordering: .relaxed).oldValue
          guard index < missing.count else { return }
          let read = Self.read(missing[index])
          facts.withLock { $0.mappings[missing[index]] = .some(read) }
        }
      }, whileWaiting: {})
  }

  private static func read(_ process: Int32) -> [Region: [SmapsText.Mapping]]? {
    let place = ProcessThreads.directory(of: process).appending("smaps")
    guard let text = try? FileSystem.contents(of: place) else { return nil }
    // Memory that is no file has device 0.
    let mappings = SmapsText.mappings(text) { $0.identity.device != 0 }
    return Dictionary(grouping: mappings) { Region($0.map) }
  }

  /// Whether every process that cannot be inspected has no wired memory. The status of a process is readable for all
  /// users. proc_pid_status(5)
  var areAllSeen: Bool {
    facts.withLock { facts in
      if let known = facts.areAllSeen { return known }
      let answer = Self.nobodyHidesALock
      facts.areAllSeen = answer
      return answer
    }
  }

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
}
