import Glibc
import SystemPackage

/// Looks at processes, one after another: buffers that are used again, few system calls a process, and
/// nothing is read of what does not matter.
struct ProcessReader {
  private(set) var sightings: [RegionKey: ProcessScan.Sighting] = [:]
  private(set) var hiddenProcesses: [Int32] = []
  private(set) var views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)] = []

  private let subject: ProcessScan.Subject
  private var hiddenDevices: [UInt64: Bool] = [:]
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var link = [UInt8](repeating: 0, count: Int(PATH_MAX))

  init(_ subject: ProcessScan.Subject) {
    self.subject = subject
    guard case .memory = subject else { return }
    hiddenDevices = MemoryMounts.hiddenDevices()
    if let own = try? ProcessDirectory(ProcessNumber.own) { _ = mounts(of: own) }
  }

  /// Looks at a process; one that has ended is none.
  mutating func look(at process: Int32) {
    do throws(Errno) {
      let directory = try ProcessDirectory(process)
      if try look(at: directory) { return }
      // The first thread may have ended before the others, which keep what all of them have.
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

  /// Whether it has addresses of its own: a thread of the kernel has none, and opens nothing.
  private mutating func look(at directory: borrowing ProcessDirectory) throws(Errno) -> Bool {
    // What may not be looked at is told by this, before anything else is asked of it.
    let maps = try directory.openMappings()
    let view = if case .memory = subject { mounts(of: directory) } else { nil as MemoryMounts? }
    guard let mappings = try mappings(of: directory, maps, view) else { return false }
    let descriptors = try descriptors(of: directory, view)
    if mappings.isEmpty, descriptors.isEmpty { return true }
    let user = RegionUser(directory, buffer: &buffer)
    for map in mappings {
      let key = key(of: map, directory)
      let place = ProcessScan.Place.mapping(process: user.process, addresses: map.addresses)
      note(user, key, ProcessScan.Sighting(path: map.path, place: place)) {
        $0.mappings.append(map)
      }
    }
    for open in descriptors {
      note(user, .file(RegionIdentity(open.status)), open.sighting) {
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
    let devices: Set<UInt64> =
      if case .regions(let wanted) = subject { Set(wanted.map(\.device)) } else { [] }
    func isWanted(_ device: UInt64) -> Bool { view?.isMemory(device) ?? devices.contains(device) }
    var found: [ProcessMap] = []
    func note(_ map: ProcessMap) {
      switch subject {
      case .regions(let wanted): if wanted.contains(map.identity) { found.append(map) }
      case .memory:
        // Private huge pages look like a file, and are nobody else's.
        if map.isShared || !map.path.starts(with: "/anon_hugepage".utf8) { found.append(map) }
      }
    }
    let answer = try ProcessDirectory.forEachFileMapping(
      maps, buffer: &buffer, isWanted: isWanted, note)
    if let answer { return answer ? found : nil }
    let count = try directory.read("maps", into: &buffer)
    if count == 0 { return nil }
    MapsText.forEach(in: buffer, count: count, isWanted: isWanted, note)
    return found
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
    try directory.forEachDescriptor(buffer: &buffer, link: &link) { number, target in
      // Sockets, pipes and the like are told by their link and not looked at, nor is what lies on
      // a file system that might not answer.
      guard target.first == UInt8(ascii: "/"), view?.isMemory(target) != false,
        let status = try? directory.status("fd/\(number)"), status.st_mode & S_IFMT == S_IFREG
      else { return }
      if case .regions(let wanted) = subject, !wanted.contains(RegionIdentity(status)) { return }
      let place = ProcessScan.Place.descriptor(process: directory.process, number: number)
      found.append(
        OpenRegion(
          number: number, status: status,
          sighting: ProcessScan.Sighting(path: Array(target), place: place, status: status)))
    }
    return found
  }

  private mutating func note(
    _ user: RegionUser, _ key: RegionKey, _ seen: ProcessScan.Sighting,
    _ change: (inout RegionUser) -> Void
  ) {
    var sighting = sightings.removeValue(forKey: key) ?? seen
    sighting.prefer(seen)
    if sighting.users.last?.process != user.process { sighting.users.append(user) }
    change(&sighting.users[sighting.users.count - 1])
    sightings[key] = sighting
  }

  private mutating func key(
    of map: ProcessMap, _ directory: borrowing ProcessDirectory
  ) -> RegionKey {
    guard case .memory = subject, map.isSegment else { return .file(map.identity) }
    let length = (try? directory.link("ns/ipc", into: &link)) ?? 0
    return .segment(namespace: Array(link[..<length]), identifier: map.identity.inode)
  }

  /// The mounts that a process sees. proc_pid_mountinfo(5), mount_namespaces(7)
  private mutating func mounts(of directory: borrowing ProcessDirectory) -> MemoryMounts {
    let length = (try? directory.link("ns/mnt", into: &link)) ?? 0
    for view in views where view.name.elementsEqual(link[..<length]) { return view.mounts }
    let name = Array(link[..<length])
    var text = [UInt8](repeating: 0, count: 1 << 16)
    let count = (try? directory.read("mountinfo", into: &text)) ?? 0
    let mounts = MemoryMounts(MountTable(parsing: Array(text[..<count])), hidden: hiddenDevices)
    views.append((directory.process, name, mounts))
    return mounts
  }
}

extension ProcessMap {
  /// Whether a System V segment is behind it: shown as /SYSV and the key in eight digits.
  var isSegment: Bool { path.starts(with: "/SYSV".utf8) && path.count >= 13 }
}
