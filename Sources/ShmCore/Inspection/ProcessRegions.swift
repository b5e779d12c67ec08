import CShm
import Glibc
import SystemPackage

/// All shared memory that one process maps or has open: on a tmpfs, of huge pages, memfd, System V, and
/// what it shares with its children.
///
/// ```swift
/// for region in try ProcessRegions(of: 1234).regions { print(region.kind, region.identity) }
/// ```
public struct ProcessRegions: Sendable {
  /// One region of the process.
  public struct Entry: Sendable {
    /// Which region it is.
    public let identity: RegionIdentity
    /// What it is.
    public let kind: RegionKind
    /// Its path as the kernel shows it.
    public let path: [UInt8]
    /// The process.
    let process: Int32
    /// A descriptor of the process that is open on it.
    fileprivate(set) var descriptor: Int32?
    /// Addresses of the process that it is mapped to.
    fileprivate(set) var addresses: Range<UInt64>?
  }

  /// The regions: first those that are mapped, by address, then those that are only open.
  public let regions: [Entry]

  /// Looks at a process. proc_pid_maps(5), proc_pid_fd(5)
  ///
  /// - Parameter process: its number.
  /// - Throws: `ShmError`: `notFound`, and `notPermitted` for a process of another user.
  /// - Complexity: linear in the process's mappings and descriptors.
  public init(of process: Int32) throws(ShmError) {
    let attempt = "cannot look at process \(process)"
    let directory = FilePath("/proc/\(process)")
    var found: [Entry] = []
    let text = try ShmError.explaining({ ProcessView.explain($0, process, attempt) }) {
      () throws(Errno) in try FileSystem.contents(of: directory.appending("maps"))
    }
    let mounts = MountTable.current()
    for map in ProcText.lines(text).compactMap({ ProcessMap(parsing: $0) })
    where map.identity.inode != 0 && !found.contains(where: { $0.identity == map.identity }) {
      let kind = RegionKind(path: map.path)
      guard kind != .file || Self.isMemory(mounts, map.identity.device) else { continue }
      found.append(
        Entry(
          identity: map.identity, kind: kind, path: map.path, process: process,
          addresses: map.addresses))
    }
    let table = directory.appending("fd")
    // What was mapped may have no descriptor, and these may be hidden: the mappings are told then.
    for name in (try? FileSystem.names(in: table)) ?? [] {
      let path = table.appending(name)
      guard let number = Int32(name.string), let status = try? FileSystem.openFileStatus(path),
        status.st_mode & S_IFMT == S_IFREG,
        let fileSystem = try? MemoryFileSystem(FileSystem.fileSystemStatus(path)),
        fileSystem.kind != .other
      else { continue }
      let identity = RegionIdentity(status)
      if let index = found.firstIndex(where: { $0.identity == identity }) {
        found[index].descriptor = found[index].descriptor ?? number
      } else {
        let shown = (try? FileSystem.link(path)).map { Array($0.string.utf8) } ?? []
        found.append(
          Entry(
            identity: identity, kind: RegionKind(path: shown), path: shown, process: process,
            descriptor: number))
      }
    }
    regions = found
  }

  private static func isMemory(_ mounts: MountTable, _ device: UInt64) -> Bool {
    ["tmpfs", "devtmpfs", "hugetlbfs", "ramfs"].contains(mounts.mount(ofDevice: device)?.kind ?? "")
  }
}

extension ProcessRegions.Entry {
  /// How the region can be named: by its own name, else by the descriptor; nil for what has neither.
  public var reference: RegionReference? {
    let path = FilePath(String(decoding: path, as: UTF8.self))
    if kind == .posix || kind == .file, let status = try? FileSystem.status(path),
      RegionIdentity(status) == identity
    {
      if kind == .posix, let name = path.lastComponent, let valid = try? RegionName(name.string) {
        return .posix(valid)
      }
      return .file(path)
    }
    return descriptor.map { .descriptor(process: process, number: $0) }
  }

  /// Looks at the region in depth.
  ///
  /// - Parameters:
  ///   - scan: who uses what, by a look that was for it, too.
  ///   - frames: whether the physical frames are looked up.
  /// - Returns: what is found.
  /// - Throws: `ShmError`: `notPermitted` for what has neither a name nor a descriptor, unless the
  ///   caller may open mappings of the process; `notFound` where it is gone.
  public func inspection(
    in scan: RegionUsers, frames: Bool = false
  ) throws(ShmError) -> RegionInspection {
    if let reference { return try RegionInspection(reference, in: scan, frames: frames) }
    let name = "'\(Escaping.printable(path))' of process \(process)"
    let attempt = "cannot open \(name)"
    guard let addresses else { throw ShmError(.notFound, attempt, "it is not open any more") }
    let place = FilePath("/proc/\(process)/map_files/\(addresses.fileName)")
    let descriptor = try ShmError.explaining({ (error: Errno) in
      error == .notPermitted || error == .permissionDenied
        ? ShmError(
          .notPermitted, attempt, "it has no name, and the process has it mapped only",
          remedy: "ask as root", errorNumber: error.rawValue)
        : ProcessView.explain(error, process, attempt)
    }) { () throws(Errno) in try FileSystem.open(place, O_RDONLY | O_NONBLOCK) }
    let region = Region(
      .file(FilePath(String(decoding: path, as: UTF8.self))), access: .readOnly,
      descriptor: descriptor)
    let users = scan.users(of: identity).map(\.process)
    return try RegionInspection(
      of: region, scan, users.isEmpty ? .unknown : .used(users), frames: frames)
  }
}
