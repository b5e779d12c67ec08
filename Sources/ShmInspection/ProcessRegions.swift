import Glibc
public import ShmCore
import SystemPackage

/// All shared memory that one process maps or has open: files on tmpfs, huge pages, memfds, System V segments, and
/// memory shared with its children.
///
/// ```swift
/// for region in try ProcessRegions(of: 1234).regions { print(region.kind, region.identity) }
/// ```
public struct ProcessRegions: Sendable {
  /// One region of the process.
  public struct Entry: Sendable {
    /// Which region it is.
    public let identity: RegionIdentity
    /// The kind and name of the region.
    public let kind: RegionKind
    /// Its path as the kernel shows it.
    public let path: [UInt8]

    /// The path as text that is safe for a terminal and for one line.
    public var displayName: String { Escaping.printable(path) }

    /// The process.
    let process: Int32
    /// A descriptor of the process that is open on it.
    fileprivate(set) var descriptor: Int32?
    /// Addresses of the process that it is mapped to.
    fileprivate(set) var addresses: Range<UInt64>?
  }

  /// The regions: first those that are mapped, by address, then those that are only open.
  public let regions: [Entry]

  /// Whether a process that was inspected before has no memory any more: it exited, or its parent has not waited for it
  /// yet.
  package static func isGone(_ process: Int32) -> Bool {
    let maps = try? FileSystem.contents(of: FilePath("/proc/\(process)/maps"))
    return maps?.isEmpty ?? true
  }

  /// Inspects a process. proc_pid_maps(5), proc_pid_fd(5)
  ///
  /// - Parameter process: its number.
  /// - Throws: `ShmError`: `notFound`, and `notPermitted` for a process of another user.
  /// - Complexity: linear in the process's mappings and descriptors.
  public init(of process: Int32) throws(ShmError) {
    let attempt = "cannot inspect process \(process)"
    do throws(Errno) {
      _ = try FileSystem.open(FilePath("/proc/\(process)/maps"), O_RDONLY)
    } catch {
      throw ProcessView.explain(error, process, attempt)
    }
    // It uses the scan of `RegionInventory`, so that both find the same regions.
    var reader = ProcessReader(.memory)
    reader.look(at: process)
    if !reader.hiddenProcesses.isEmpty {
      throw ProcessView.explain(.permissionDenied, process, attempt)
    }
    let found = reader.sightings.map { (identity, sighting) -> Entry in
      let user = sighting.users.first
      let addresses = user?.mappings.map(\.addresses).min { $0.lowerBound < $1.lowerBound }
      return Entry(
        identity: identity,
        kind: identity.namespace == nil
          ? RegionKind(KernelPath(sighting.path), isHidden: nil) : .systemV,
        path: sighting.path, process: process, descriptor: user?.descriptors.min(),
        addresses: addresses)
    }
    regions = found.sorted { one, other in
      switch (one.addresses, other.addresses) {
      case (let one?, let other?): one.lowerBound < other.lowerBound
      case (nil, nil): one.descriptor ?? 0 < other.descriptor ?? 0
      case (let one, _): one != nil
      }
    }
  }
}

extension ProcessRegions.Entry {
  /// A reference to the region: its name, or else the descriptor; nil without both.
  public var reference: RegionReference? {
    if identity.namespace != nil {
      // Another namespace's segments have no name here.
      guard identity.namespace == IPCNamespace.own else { return nil }
      return Int32(exactly: identity.inode).map { .systemV($0) }
    }
    let shown = KernelPath(path)
    if kind.hasName, shown.isName(of: identity) {
      return RegionPathName.reference(FilePath(bytes: path), isOwn: true)
    }
    return descriptor.map { .descriptor(process: process, number: $0) }
  }

  /// Looks at the region in depth.
  ///
  /// - Parameters:
  ///   - scan: the users of regions, from a scan that included it.
  ///   - frames: whether the physical frames are read.
  ///   - largest: the maximum allocated bytes for which charges are counted, because this takes time.
  /// - Returns: the inspection.
  /// - Throws: `ShmError`: `notPermitted` for a region without a name and a descriptor, unless the caller has
  ///   permission to open mappings of the process; `notFound` if it no longer exists.
  public func inspection(
    in scan: RegionUsers, frames: Bool = false,
    chargesUpTo largest: Int = PageCharges.quickly
  ) throws(ShmError) -> RegionInspection {
    if let reference {
      return try RegionInspection(
        reference, in: scan, frames: frames,
        chargesUpTo: largest)
    }
    if identity.namespace != nil {
      return try RegionInspection(
        ofSegment: identity, named: .file(FilePath(bytes: path)), attachedBy: process, scan,
        frames: frames,
        chargesUpTo: largest)
    }
    let name = "\(Escaping.quoted(path)) of process \(process)"
    let attempt = "cannot open \(name)"
    guard let addresses else { throw ShmError(.notFound, attempt, "it is no longer open") }
    let place = ProcessThreads.directory(of: process)
      .appending("map_files/\(addresses.fileName)")
    let descriptor: OwnedDescriptor
    do {
      descriptor = try FileSystem.open(place, O_RDONLY | O_NONBLOCK)
    } catch {
      throw error == .notPermitted || error == .permissionDenied
        ? ShmError(
          .notPermitted, attempt, "it has no name and is only mapped, not open, in the process",
          remedy: "run as root", errorNumber: error.rawValue)
        : ProcessView.explain(error, process, attempt)
    }
    let region = Region(
      .file(FilePath(bytes: path)), access: .readOnly,
      descriptor: descriptor)
    let users = scan.users(of: identity).map(\.process)
    return try RegionInspection(
      of: region, scan, users.isEmpty ? .unknown : .used(users), seenBy: process, frames: frames,
      chargesUpTo: largest)
  }
}
