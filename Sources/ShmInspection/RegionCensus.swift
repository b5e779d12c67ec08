import CShm
import Glibc
import ShmCore
import SystemPackage

/// Collects the inventory, source by source: first the regions with names, then the regions that only processes hold.
struct RegionCensus: ~Copyable {
  private(set) var entries: [RegionInventory.Entry] = []

  private let facts: RegionInventory.Facts
  private let views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)]
  /// The mounts that the processes see through which regions were found.
  private var mountsOfProcess: [Int32: MemoryMounts?] = [:]
  /// The regions that were seen in processes and have no entry yet.
  private var sightings: [RegionIdentity: ProcessScan.Sighting]
  /// The sources that could not be read.
  private(set) var unreadable: [RegionInventory.UnreadableSource] = []
  /// File systems that are mounted nowhere, and whether their pages are huge.
  private let unmounted: [UInt64: Bool]
  /// The users of all regions, because a region can have several names.
  let users: RegionUsers
  private let wiring: WiringFacts?
  private let charges: ChargeReader?
  /// Whether the host uses swap. Otherwise no region is swapped out.
  private let isSwapUsed: Bool

  init(_ scan: ProcessScan, _ facts: RegionInventory.Facts) {
    self.facts = facts
    views = scan.views
    unmounted = scan.unmounted
    sightings = scan.sightings
    users = RegionUsers(scan)
    let memory = MemoryInformation.current()
    isSwapUsed = memory?.swapTotal == nil || memory?.swapTotal != memory?.swapFree
    wiring = facts.contains(.wiring) ? WiringFacts(scan) : nil
    charges = facts.contains(.charges) ? ChargeReader() : nil
  }

  /// The POSIX objects and semaphores.
  mutating func addNamed() {
    let names: [FilePath.Component]
    do {
      names = try RegionInventory.names()
    } catch {
      unreadable.append(.init(place: RegionName.directory, reason: error.reason))
      return
    }
    var others: [FilePath.Component] = []
    for name in names {
      if let entry = RegionInventory.Entry(posix: name) {
        add(entry, from: entry.reference?.path)
      } else {
        others.append(name)
      }
    }
    addFolders(others, in: RegionName.directory, pageSize: PageMath.pageSize)
  }

  /// The files in the folders of a directory of regions.
  private mutating func addFolders(
    _ names: [FilePath.Component], in directory: FilePath, pageSize: Int
  ) {
    let found = FolderFiles(names, in: directory)
    for file in found.files {
      addFile(file.path, file.status, below: directory, pageSize: pageSize)
    }
    if let place = found.truncated {
      unreadable.append(.init(place: place, reason: "it holds too many files"))
    }
  }

  private mutating func addFile(
    _ path: FilePath, _ status: stat, below root: FilePath, pageSize: Int
  ) {
    var entry = RegionInventory.Entry(
      .file, name: path.bytes, reference: .file(path), identity: RegionIdentity(status),
      status: RegionStatus(status, created: FileSystem.birthTime(path), pageSize: pageSize))
    entry.root = root
    add(entry, from: path)
  }

  /// The files on hugetlbfs mounts, of which the root directories are the default for new regions of huge pages.
  mutating func addHugeFiles() {
    for mount in views.first?.mounts.mounts ?? [] where mount.kind == "hugetlbfs" {
      let directory = mount.point
      let names: [FilePath.Component]
      do throws(Errno) {
        names = try FileSystem.names(in: directory)
      } catch {
        unreadable.append(.init(place: mount.point, reason: error.reason))
        continue
      }
      var folders: [FilePath.Component] = []
      for name in names {
        let path = directory.appending(name)
        guard let status = try? FileSystem.status(path) else { continue }
        if RegionStatus.kindOfOther(status.st_mode) == nil {
          addFile(path, status, below: directory, pageSize: Int(status.st_blksize))
        } else if status.st_mode & S_IFMT == S_IFDIR {
          folders.append(name)
        }
      }
      let pageSize = (try? MemoryFileSystem.at(directory).pageSize) ?? PageMath.pageSize
      addFolders(folders, in: directory, pageSize: pageSize)
    }
  }

  /// The System V segments of this namespace.
  mutating func addSegments() {
    let namespace = IPCNamespace.own
    let segments: [SystemVSegment]
    do {
      segments = try SystemVSegment.table()
    } catch {
      unreadable.append(.init(place: SystemVSegment.place, reason: error.reason))
      return
    }
    for segment in segments {
      let key = RegionIdentity(segment: UInt64(segment.identifier), namespace: namespace)
      let sighting = sightings.removeValue(forKey: key)
      let device = sighting?.users.first?.mappings.first?.identity.device
      var entry = RegionInventory.Entry(
        .systemV, name: Array("sysv:\(segment.identifier)".utf8),
        reference: .systemV(segment.identifier),
        identity: RegionIdentity(
          segment: UInt64(segment.identifier), namespace: namespace, device: device ?? 0),
        visibility: segment.isRemoved ? .removed : .named, segment: segment)
      entry.users = sighting?.users ?? []
      // The kernel counts the attaches of all processes.
      entry.use = segment.attaches == 0 ? .unused : .used(entry.users.map(\.process))
      entry.hasHugePages = device.map { isHuge($0) } ?? false
      entry.isInherentlyUnswappable = entry.hasHugePages
      entry.resident = segment.resident
      entry.swapped = segment.swapped
      finish(&entry)
    }
  }

  /// The regions that only processes hold: memfds, removed regions, files, anonymous memory, and regions of other
  /// namespaces.
  mutating func addUnnamed() {
    // A second name of a region that stands in the list already is no second region.
    let listed = Set(entries.lazy.filter { $0.kind != .systemV }.map(\.identity))
    var tables: [UInt64: [Int32: SystemVSegment]] = [:]
    for (identity, sighting) in sightings {
      guard let namespace = identity.namespace else {
        if listed.contains(identity) { continue }
        let path = KernelPath(sighting.path)
        var kind = RegionKind(
          path, isHidden: views.first?.mounts.isHidden(identity.device) == true)
        // A descriptor of a segment's file, from map_files, shows no namespace and no number of the segment.
        if kind == .systemV { kind = .other }
        addSighted(identity, sighting, kind, RegionPathName.name(path, kind))
        continue
      }
      if tables[namespace] == nil {
        tables[namespace] =
          (sighting.users.first.flatMap { SystemVSegment.table(seenBy: $0.process) })
          .map { Dictionary($0.map { ($0.identifier, $0) }, uniquingKeysWith: { one, _ in one }) }
          ?? [:]
      }
      let segment = Int32(exactly: identity.inode).flatMap { tables[namespace]?[$0] }
      addSighted(
        identity, sighting, .systemV, Array("sysv:\(identity.inode)".utf8), segment: segment)
    }
  }

  private mutating func addSighted(
    _ identity: RegionIdentity, _ sighting: ProcessScan.Sighting,
    _ kind: RegionKind, _ name: [UInt8], segment: SystemVSegment? = nil
  ) {
    let access = RegionAccess(identity, sighting, kind, name, mounts(of: sighting))
    var entry = RegionInventory.Entry(
      kind, name: access.name, reference: access.reference, identity: identity,
      visibility: segment?.isRemoved == true ? .removed : access.visibility,
      status: segment == nil ? access.status(isHuge: isHuge(identity.device)) : nil,
      segment: segment)
    entry.users = sighting.users
    entry.use = .used(sighting.users.map(\.process))
    if let segment {
      (entry.resident, entry.swapped) = (segment.resident, segment.swapped)
      entry.hasHugePages = isHuge(identity.device)
      finish(&entry)
    } else {
      complete(&entry, from: access.path)
    }
  }

  /// The mounts that the process of a sighting sees.
  private mutating func mounts(of sighting: ProcessScan.Sighting) -> MemoryMounts? {
    let process =
      switch sighting.place {
      case .descriptor(let process, _), .mapping(let process, _): process
      }
    if let known = mountsOfProcess[process] { return known }
    let mounts = Self.mounts(of: process, in: views)
    mountsOfProcess[process] = .some(mounts)
    return mounts
  }

  private static func mounts(
    of process: Int32, in views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)]
  ) -> MemoryMounts? {
    let directory = FilePath("/proc/\(process)/ns/mnt")
    guard let name = (try? FileSystem.link(directory))?.bytes else { return nil }
    return views.first { $0.name == name }?.mounts
  }

  /// An entry that has a name, and may have users.
  private mutating func add(_ entry: RegionInventory.Entry, from path: FilePath?) {
    var entry = entry
    sightings.removeValue(forKey: entry.identity)
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
    look(at: &entry, path)
    finish(&entry)
  }

  /// Finds the charged control groups.
  private func look(at entry: inout RegionInventory.Entry, _ path: FilePath?) {
    // This must not break a lease, and the file may have been replaced.
    guard charges != nil, let path, LeaseTable.current().holder(of: entry.identity) == nil,
      let file = try? FileSystem.open(path, O_RDONLY | O_NONBLOCK),
      let status = try? file.status(), RegionIdentity(status) == entry.identity
    else { return }
    switch charges {
    case .some(let reader): entry.charges = PageCharges(file.raw, by: reader)
    case nil: break
    }
  }

  /// Wired pages are resident, so residency must be known if pages are wired.
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
    views.contains { $0.mounts.isHuge(device) } || unmounted[device] == true
  }
}
