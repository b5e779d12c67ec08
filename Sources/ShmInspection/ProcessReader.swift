import Glibc
import ShmCore
import SystemPackage

/// Reads processes one after the other, with reused buffers, few system calls for each process, and no unnecessary
/// reads.
struct ProcessReader {
  private(set) var sightings: [RegionIdentity: ProcessScan.Sighting] = [:]
  private(set) var hiddenProcesses: [Int32] = []
  private(set) var views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)] = []

  /// File systems in memory that are mounted nowhere as far as a process sees that uses them: after
  /// `umount --lazy`, most often. Whether their pages are huge.
  private(set) var unmounted: [UInt64: Bool] = [:]
  private(set) var unreadable: [RegionInventory.UnreadableSource] = []

  private let subject: ProcessScan.Subject
  private let hiddenDevices = MemoryMounts.hiddenDevices()
  /// File systems that are mounted nowhere and are not in memory.
  private var otherUnmounted: Set<UInt64> = []
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var link = [UInt8](repeating: 0, count: Int(PATH_MAX))

  init(_ subject: ProcessScan.Subject) {
    self.subject = subject
    guard case .memory = subject else { return }
    if let own = try? ProcessDirectory(ProcessNumber.own) { _ = mounts(of: own) }
  }

  /// Reads a process. A process that has ended is ignored.
  mutating func look(at process: Int32) {
    do throws(Errno) {
      let directory = try ProcessDirectory(process)
      if try look(at: directory) { return }
      // The main thread may have exited before the others, which keep the memory and the descriptors.
      guard directory.threads > 1 else { return }
      for thread in try directory.numbers(in: "task", buffer: &buffer) where thread != process {
        if try look(at: try ProcessDirectory(process, thread: thread)) { return }
      }
    } catch .noSuchFileOrDirectory, .noSuchProcess {
      return
    } catch {
      hiddenProcesses.append(process)
    }
  }

  /// Whether it has an address space. A kernel thread has no address space and no descriptors.
  private mutating func look(at directory: borrowing ProcessDirectory) throws(Errno) -> Bool {
    // This shows first whether the process can be inspected.
    let maps = try directory.openMappings()
    let view = if case .memory = subject { mounts(of: directory) } else { nil as MemoryMounts? }
    guard let mappings = try mappings(of: directory, maps, view) else { return false }
    let descriptors = try descriptors(of: directory, view)
    if mappings.isEmpty, descriptors.isEmpty { return true }
    let user = RegionUser(directory, buffer: &buffer)
    for map in mappings {
      let place = ProcessScan.Place.mapping(process: directory.number, addresses: map.addresses)
      note(user, map.identity, ProcessScan.Sighting(path: map.path, place: place)) {
        $0.mappings.append(map)
      }
    }
    for open in descriptors {
      note(user, RegionIdentity(open.status), open.sighting) {
        $0.descriptors.append(open.number)
      }
    }
    return true
  }

  /// The mappings that matter; nil for a process without addresses.
  private mutating func mappings(
    of directory: borrowing ProcessDirectory, _ maps: borrowing OwnedDescriptor,
    _ view: MemoryMounts?
  ) throws(Errno) -> [ProcessMap]? {
    let subject = subject
    var devices: Set<UInt64> = []
    if case .regions(let wanted) = subject {
      devices.formUnion(wanted.lazy.filter { $0.namespace == nil }.map(\.device))
      if wanted.contains(where: { $0.namespace != nil }) { devices.formUnion(hiddenDevices.keys) }
    }
    func isWanted(_ device: UInt64) -> Bool {
      view.map { $0.isMemory(device) || !$0.isKnown(device) } ?? devices.contains(device)
    }
    var found: [ProcessMap] = []
    func note(_ map: ProcessMap) {
      switch subject {
      case .regions: found.append(map)
      case .memory:
        // Private huge pages look like a file, but are not shared.
        if map.isShared || !map.path.starts(with: "/anon_hugepage".utf8) { found.append(map) }
      }
    }
    let answer = try ProcessDirectory.forEachFileMapping(
      maps, buffer: &buffer, isWanted: isWanted, note)
    if let answer { return answer ? whatMatters(found, directory, view) : nil }
    let count = try directory.read("maps", into: &buffer)
    if count == 0 { return nil }
    MapsText.forEach(in: buffer, count: count, isWanted: isWanted, note)
    return whatMatters(found, directory, view)
  }

  /// Of mappings those of regions that are looked for; segments with their namespace.
  private mutating func whatMatters(
    _ maps: [ProcessMap], _ directory: borrowing ProcessDirectory, _ view: MemoryMounts?
  ) -> [ProcessMap] {
    var namespace: UInt64?
    var found: [ProcessMap] = []
    for map in maps {
      var map = map
      // A file can be named /SYSV…. A System V segment is distinguished by its internal file system, which is not
      // mounted.
      if map.isSegment, hiddenDevices[map.identity.device] != nil {
        if namespace == nil {
          namespace = (try? directory.status("ns/ipc")).map { UInt64($0.st_ino) } ?? 0
        }
        map = map.resolved(in: namespace ?? 0)
      }
      if case .regions(let wanted) = subject {
        if wanted.contains(map.identity) { found.append(map) }
      } else if view?.isMemory(map.identity.device) == true
        || isUnmountedMemory(
          map.identity.device, directory, "map_files/\(map.addresses.fileName)")
      {
        found.append(map)
      }
    }
    return found
  }

  /// Whether a file system without a mount in the process's namespace is in memory. For a mapping this requires
  /// permission to open it. statfs(2), proc_pid_map_files(5)
  private mutating func isUnmountedMemory(
    _ device: UInt64, _ directory: borrowing ProcessDirectory, _ name: String
  ) -> Bool {
    if unmounted[device] != nil { return true }
    if otherUnmounted.contains(device) { return false }
    guard let fileSystem = directory.fileSystem(name) else {
      // Another process may see it mounted.
      return views.contains { $0.mounts.isMemory(device) }
    }
    switch fileSystem.kind {
    case .tmpfs, .ramfs: unmounted[device] = false
    case .hugetlbfs: unmounted[device] = true
    case .other:
      otherUnmounted.insert(device)
      return false
    }
    return true
  }

  /// A descriptor that is open on a region.
  private struct OpenRegion {
    let number: Int32
    let status: stat
    let sighting: ProcessScan.Sighting
  }

  private mutating func descriptors(
    of directory: borrowing ProcessDirectory, _ view: MemoryMounts?
  ) throws(Errno) -> [OpenRegion] {
    var found: [OpenRegion] = []
    let subject = subject
    try directory.forEachDescriptor(buffer: &buffer) { number, status in
      // The path does not show whether a file is in memory: its mount may be hidden by another mount, or be unmounted.
      guard status.st_mode & S_IFMT == S_IFREG else { return }
      if case .regions(let wanted) = subject {
        guard wanted.contains(RegionIdentity(status)) else { return }
      } else if let view, view.isKnown(UInt64(status.st_dev)),
        !view.isMemory(UInt64(status.st_dev))
      {
        return
      }
      // Files without a path are not regions.
      guard let length = try? directory.link("fd/\(number)", into: &link),
        link.first == UInt8(ascii: "/")
      else { return }
      let place = ProcessScan.Place.descriptor(process: directory.number, number: number)
      found.append(
        OpenRegion(
          number: number, status: status,
          sighting: ProcessScan.Sighting(path: Array(link[..<length]), place: place, status: status)
        ))
    }
    guard let view else { return found }
    return found.filter { open in
      let device = UInt64(open.status.st_dev)
      return view.isMemory(device) || isUnmountedMemory(device, directory, "fd/\(open.number)")
    }
  }

  private mutating func note(
    _ user: RegionUser, _ key: RegionIdentity, _ seen: ProcessScan.Sighting,
    _ change: (inout RegionUser) -> Void
  ) {
    var sighting = sightings.removeValue(forKey: key) ?? seen
    sighting.prefer(seen)
    if sighting.users.last?.process != user.process { sighting.users.append(user) }
    change(&sighting.users[sighting.users.count - 1])
    sightings[key] = sighting
  }

  /// The mounts that a process sees. proc_pid_mountinfo(5), mount_namespaces(7)
  private mutating func mounts(of directory: borrowing ProcessDirectory) -> MemoryMounts {
    let length = (try? directory.link("ns/mnt", into: &link)) ?? 0
    for view in views where view.name.elementsEqual(link[..<length]) { return view.mounts }
    let name = Array(link[..<length])
    var text = [UInt8](repeating: 0, count: 1 << 16)
    let count = (try? directory.read("mountinfo", into: &text)) ?? 0
    if count == 0, directory.process == ProcessNumber.own {
      unreadable.append(.init(place: "/proc/self/mountinfo", reason: "it cannot be read"))
    }
    let mounts = MemoryMounts(MountTable(parsing: Array(text[..<count])), hidden: hiddenDevices)
    views.append((directory.process, name, mounts))
    return mounts
  }
}
