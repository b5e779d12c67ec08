import ShmCore
import SystemPackage

/// The locked addresses and the huge pages of the processes that map regions. proc_pid_smaps(5)
struct WiringFacts {
  /// The mappings of the inspected processes, by process.
  private var mappings: [Int32: [SmapsText.Mapping]] = [:]
  /// Whether any page of shared memory is a huge one outside of the pools; nil if unknown.
  private let hasHugePages: Bool?
  /// Whether all processes with wired memory were inspected.
  private let isComplete: Bool

  /// Reads smaps, which takes long, only of processes that have anything wired; of all that map
  /// regions only if there are huge pages outside of the pools.
  init(_ scan: ProcessScan) {
    let huge = MemoryInformation.current()?["ShmemHugePages"].map { $0 > 0 }
    hasHugePages = huge
    var buffer = [UInt8](repeating: 0, count: 1 << 16)
    // The wired bytes are read for every reported process, which takes long for many processes.
    isComplete =
      ProcessView.isWhole && scan.hiddenProcesses.count <= 16
      && scan.hiddenProcesses.allSatisfy { Self.hasNothingWired($0, &buffer) }
    var seen: Set<Int32> = []
    for sighting in scan.sightings.values {
      for user in sighting.users
      where user.mappings.contains(where: \.isShared) && seen.insert(user.process).inserted {
        if let found = Self.read(user.process, all: huge == true, &buffer) {
          mappings[user.process] = found
        }
      }
    }
  }

  private static func read(
    _ process: Int32, all: Bool, _ buffer: inout [UInt8]
  ) -> [SmapsText.Mapping]? {
    var wired: Int?
    guard let directory = open(process, wired: &wired, &buffer), all || wired != 0,
      let count = try? directory.read("smaps", into: &buffer)
    else { return nil }
    return SmapsText.mappings(Array(buffer[..<count])).filter { $0.isLocked || $0.huge > 0 }
  }

  /// Opens the directory that shows the memory of a process.
  ///
  /// - Parameters:
  ///   - process: its number.
  ///   - wired: becomes the bytes that it has wired; nil if that is unknown.
  ///   - buffer: a buffer for reading.
  /// - Returns: the directory; nil if the process has ended.
  private static func open(
    _ process: Int32, wired: inout Int?, _ buffer: inout [UInt8]
  ) -> ProcessDirectory? {
    guard let own = try? ProcessDirectory(process) else { return nil }
    wired = bytesWired(own, &buffer)
    if wired != nil { return own }
    // The status of a first thread that has ended names no memory. Which thread lives is asked only
    // then, because that takes three system calls for each process.
    let thread = ProcessThreads.living(of: process)
    guard thread != process, let other = try? ProcessDirectory(process, thread: thread) else {
      return own
    }
    wired = bytesWired(other, &buffer)
    return other
  }

  private static func bytesWired(
    _ directory: borrowing ProcessDirectory, _ buffer: inout [UInt8]
  ) -> Int? {
    guard let count = try? directory.readStart("status", into: &buffer) else { return nil }
    return ProcessStatus.wired(in: buffer[..<count])
  }

  /// Whether a process has no locked memory. A process that has ended has none.
  private static func hasNothingWired(_ process: Int32, _ buffer: inout [UInt8]) -> Bool {
    var wired: Int?
    guard open(process, wired: &wired, &buffer) != nil else {
      return !FileSystem.exists(FilePath("/proc/\(process)"))
    }
    return wired == 0
  }

  /// The bytes of a region that cannot be swapped out; nil if a process that holds them cannot be inspected.
  func wired(_ entry: RegionInventory.Entry) -> Int? {
    if entry.isInherentlyUnswappable { return entry.allocated }
    if entry.segment?.isLocked == true { return entry.resident }
    let wired = Self.union(lockedRanges(entry))
    if wired == 0 { return isComplete || entry.use == .unused ? 0 : nil }
    return min(wired, entry.resident ?? entry.allocated ?? wired)
  }

  /// Whether any of a region's mappings carries the lock.
  func isLocked(_ entry: RegionInventory.Entry) -> Bool { !lockedRanges(entry).isEmpty }

  /// The locked bytes of a region, as offsets.
  private func lockedRanges(_ entry: RegionInventory.Entry) -> [Range<UInt64>] {
    var ranges: [Range<UInt64>] = []
    for user in entry.users {
      for (map, found) in pairs(user) where map.isShared && found.isLocked {
        let addresses = map.addresses.clamped(to: found.map.addresses)
        let start = map.offset &+ (addresses.lowerBound - map.addresses.lowerBound)
        let (end, overflow) = start.addingReportingOverflow(UInt64(addresses.count))
        if !addresses.isEmpty, !overflow { ranges.append(start..<end) }
      }
    }
    return ranges
  }

  /// The bytes of a region on huge pages; nil if no process that maps them can be inspected.
  func huge(_ entry: RegionInventory.Entry) -> Int? {
    if entry.hasHugePages { return entry.allocated }
    if hasHugePages == false || entry.allocated == 0 { return 0 }
    return entry.users.map { user in
      pairs(user).reduce(0) { $0 + $1.found.huge }
    }.max()
  }

  /// The mappings of a region by a process, with their data from smaps.
  private func pairs(_ user: RegionUser) -> [(map: ProcessMap, found: SmapsText.Mapping)] {
    guard let all = mappings[user.process] else { return [] }
    return user.mappings.flatMap { map in
      all.filter { $0.map.hasSameRegion(as: map) && $0.map.addresses.overlaps(map.addresses) }
        .map { (map, $0) }
    }
  }

  /// The number of integers in the union of the ranges.
  static func union(_ ranges: [Range<UInt64>]) -> Int {
    var total: UInt64 = 0
    var end: UInt64 = 0
    for range in ranges.sorted(by: { $0.lowerBound < $1.lowerBound }) where range.upperBound > end {
      total += range.upperBound - max(end, range.lowerBound)
      end = range.upperBound
    }
    return Int(clamping: total)
  }
}
