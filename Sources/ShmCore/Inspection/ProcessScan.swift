import Glibc
import SystemPackage

/// What the processes of the host have mapped and open of what may be a region.
///
/// One look for all: buffers that are used again, few system calls a process, and of the texts only
/// the lines that matter.
struct ProcessScan {
  /// What is looked for.
  enum Subject {
    /// These regions.
    case regions(Set<RegionIdentity>)
    /// Everything that lies in memory.
    case memory
  }

  /// Where a region was seen, from where more of it can be asked.
  enum Place {
    case descriptor(process: Int32, number: Int32)
    case mapping(process: Int32, addresses: Range<UInt64>)
  }

  /// What was seen of one region.
  struct Sighting {
    /// Its path as /proc shows it.
    var path: [UInt8]
    var place: Place
    /// What fstatat(2) says, where a process has it open.
    var status: stat?
    /// Who uses it, in the order of /proc.
    var users: [RegionUser] = []
  }

  /// What was seen, by region.
  private(set) var sightings: [RegionKey: Sighting] = [:]
  /// The processes that may not be looked at.
  private(set) var hiddenProcesses: [Int32] = []
  /// The mounts in memory, by namespace, with a process that sees them. The first is this process.
  private(set) var views: [(process: Int32, name: [UInt8], mounts: MemoryMounts)] = []

  private let subject: Subject
  private var hiddenDevices: [UInt64: Bool] = [:]
  private var buffer = [UInt8](repeating: 0, count: 1 << 16)
  private var link = [UInt8](repeating: 0, count: Int(PATH_MAX))

  /// Looks at every process but this one. proc_pid_maps(5), proc_pid_fd(5)
  ///
  /// - Throws: `ShmError` where /proc cannot be read.
  /// - Complexity: linear in the mappings and descriptors of the host.
  init(_ subject: Subject) throws(ShmError) {
    self.subject = subject
    let processes = try ShmError.saying("cannot look at the processes") { () throws(Errno) in
      try ProcessDirectory.processes(buffer: &buffer)
    }
    let own = ProcessNumber.own
    if case .memory = subject {
      hiddenDevices = MemoryMounts.hiddenDevices()
      if let directory = try? ProcessDirectory(own) { _ = mounts(of: directory) }
    }
    for process in processes where process != own { look(at: process) }
  }

  private mutating func look(at process: Int32) {
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
    let view = if case .memory = subject { mounts(of: directory) } else { nil as MemoryMounts? }
    guard let mappings = try mappings(of: directory, view) else { return false }
    let descriptors = try descriptors(of: directory, view)
    if mappings.isEmpty, descriptors.isEmpty { return true }
    let user = RegionUser(directory, buffer: &buffer)
    for map in mappings {
      let key = key(of: map, directory)
      let place = Place.mapping(process: user.process, addresses: map.addresses)
      note(user, key, Sighting(path: map.path, place: place)) { $0.mappings.append(map) }
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
    of directory: borrowing ProcessDirectory, _ view: MemoryMounts?
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
    let answer = try directory.forEachFileMapping(buffer: &buffer, isWanted: isWanted, note)
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
    let sighting: Sighting
  }

  private mutating func descriptors(
    of directory: borrowing ProcessDirectory, _ view: MemoryMounts?
  ) throws(Errno) -> [OpenRegion] {
    var found: [OpenRegion] = []
    for number in try directory.numbers(in: "fd", buffer: &buffer) {
      let name = "fd/\(number)"
      // Sockets, pipes and the like are told by their link and not looked at, nor is what lies on
      // a file system that might not answer.
      guard let length = try? directory.link(name, into: &link), length > 0,
        link[0] == UInt8(ascii: "/"), view?.isMemory(link[..<length]) != false,
        let status = try? directory.status(name), status.st_mode & S_IFMT == S_IFREG
      else { continue }
      if case .regions(let wanted) = subject, !wanted.contains(RegionIdentity(status)) { continue }
      let place = Place.descriptor(process: directory.process, number: number)
      found.append(
        OpenRegion(
          number: number, status: status,
          sighting: Sighting(path: Array(link[..<length]), place: place, status: status)))
    }
    return found
  }

  private mutating func note(
    _ user: RegionUser, _ key: RegionKey, _ seen: Sighting, _ change: (inout RegionUser) -> Void
  ) {
    var sighting = sightings.removeValue(forKey: key) ?? seen
    // A descriptor can be asked for more than a mapping.
    if sighting.status == nil, seen.status != nil {
      (sighting.path, sighting.place, sighting.status) = (seen.path, seen.place, seen.status)
    }
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
