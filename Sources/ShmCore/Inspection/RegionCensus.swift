import CShm
import Glibc
import SystemPackage

/// Puts the inventory together, source by source: what has a name first, then what only processes hold.
struct RegionCensus {
  private(set) var entries: [RegionInventory.Entry] = []

  private let facts: RegionInventory.Facts
  private let views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)]
  /// What has been seen and is in no entry yet.
  private var sightings: [RegionKey: ProcessScan.Sighting]
  /// The users of all, for what has several names.
  let users: RegionUsers
  private let wiring: WiringFacts?
  /// Whether anything of the host is in swap; where nothing is, no region is.
  private let isSwapUsed: Bool

  init(_ scan: ProcessScan, _ facts: RegionInventory.Facts) {
    self.facts = facts
    views = scan.views
    sightings = scan.sightings
    users = RegionUsers(scan)
    let memory = MemoryInformation.current()
    isSwapUsed = memory?.swapTotal == nil || memory?.swapTotal != memory?.swapFree
    wiring = facts.contains(.wiring) ? WiringFacts(scan) : nil
  }

  /// The POSIX objects and semaphores.
  mutating func addNamed() throws(ShmError) {
    for name in try RegionInventory.names() {
      guard let entry = RegionInventory.Entry(posix: name) else { continue }
      add(entry, from: entry.reference?.path)
    }
  }

  /// The files at the top of mounts of huge pages: what `create --huge` makes, used or not.
  mutating func addHugeFiles() {
    for mount in views.first?.mounts.mounts ?? [] where mount.kind == "hugetlbfs" {
      let directory = FilePath(mount.point)
      for name in (try? FileSystem.names(in: directory)) ?? [] {
        let path = directory.appending(name)
        guard let status = try? FileSystem.status(path),
          RegionStatus.kindOfOther(status.st_mode) == nil
        else { continue }
        add(
          RegionInventory.Entry(
            .file, name: path.bytes, reference: .file(path), identity: RegionIdentity(status),
            status: RegionStatus(
              status, created: FileSystem.birthTime(path), pageSize: Int(status.st_blksize))),
          from: path)
      }
    }
  }

  /// The System V segments of this namespace.
  mutating func addSegments() {
    let namespace = (try? FileSystem.link("/proc/self/ns/ipc"))?.bytes ?? []
    for segment in SystemVSegment.all() {
      let key = RegionKey.segment(
        namespace: namespace, identifier: UInt64(segment.identifier))
      let sighting = sightings.removeValue(forKey: key)
      let device = sighting?.users.first?.mappings.first?.identity.device
      var entry = RegionInventory.Entry(
        .systemV, name: Array("sysv:\(segment.identifier)".utf8),
        reference: .systemV(segment.identifier),
        identity: RegionIdentity(device: device ?? 0, inode: UInt64(segment.identifier)),
        segment: segment)
      entry.users = sighting?.users ?? []
      // The kernel counts the attaches of everybody.
      entry.use = segment.attaches == 0 ? .unused : .used(entry.users.map(\.process))
      entry.hasHugePages = device.map { isHuge($0) } ?? false
      entry.isInherentlyUnswappable = entry.hasHugePages
      entry.resident = segment.resident
      entry.swapped = segment.swapped
      finish(&entry)
    }
  }

  /// What only processes hold: memfds, removed regions, files, anonymous memory, and what lies in
  /// other namespaces.
  mutating func addUnnamed() {
    for (key, sighting) in sightings {
      switch key {
      case .segment(_, let identifier):
        let identity = RegionIdentity(
          device: sighting.users.first?.mappings.first?.identity.device ?? 0, inode: identifier)
        addSighted(identity, sighting, .systemV, Array("sysv:\(identifier)".utf8))
      case .file(let identity):
        // A second name of a region that stands in the list already is no second region.
        if entries.contains(where: { $0.identity == identity && $0.kind != .systemV }) { continue }
        let (kind, name) = RegionPathName.classify(
          sighting.path, isHidden: views.first?.mounts.isHidden(identity.device) == true)
        addSighted(identity, sighting, kind, name)
      }
    }
  }

  private mutating func addSighted(
    _ identity: RegionIdentity, _ sighting: ProcessScan.Sighting,
    _ kind: RegionInventory.Entry.Kind, _ name: [UInt8]
  ) {
    let access = RegionAccess(identity, sighting, kind, name)
    var entry = RegionInventory.Entry(
      kind, name: access.name, reference: access.reference, identity: identity,
      isRemoved: access.isRemoved, status: access.status(isHuge: isHuge(identity.device)))
    entry.users = sighting.users
    entry.use = .used(sighting.users.map(\.process))
    complete(&entry, from: access.path)
  }

  /// An entry that has a name, and may have users.
  private mutating func add(_ entry: RegionInventory.Entry, from path: FilePath?) {
    var entry = entry
    sightings.removeValue(forKey: .file(entry.identity))
    entry.users = users.users(of: entry.identity)
    entry.use = entry.use(in: users)
    complete(&entry, from: path)
  }

  private mutating func complete(_ entry: inout RegionInventory.Entry, from path: FilePath?) {
    let device = entry.identity.device
    entry.hasHugePages = isHuge(device)
    entry.isInherentlyUnswappable =
      entry.hasHugePages || views.contains { $0.mounts.isNoSwap(device) }
    let pages = PageFacts(entry, path, wanted(of: entry), isSwapUsed: isSwapUsed)
    (entry.resident, entry.swapped, entry.seals) = (pages.resident, pages.swapped, pages.seals)
    finish(&entry)
  }

  /// Whatever is wired is resident, so that must be known where something is.
  private func wanted(of entry: RegionInventory.Entry) -> RegionInventory.Facts {
    wiring?.isLocked(entry) == true ? facts.union(.residency) : facts
  }

  private mutating func finish(_ entry: inout RegionInventory.Entry) {
    entry.usersComplete = entry.use == .unused || users.isComplete
    if let wiring {
      entry.wired = wiring.wired(entry)
      entry.huge = wiring.huge(entry)
    }
    entries.append(entry)
  }

  private func isHuge(_ device: UInt64) -> Bool {
    views.contains { $0.mounts.isHuge(device) }
  }
}
