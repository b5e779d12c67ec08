import ShmCopying
import ShmCore
import SystemPackage

/// The arguments of `create`.
struct CreationRequest {
  let size: Int?
  let from: FilePath?
  let isDirect: Bool
  let open: Bool
  let settings: Region.CreationOptions
  let wired: Bool
  let force: Bool
  let progress: (Int) -> Void

  /// Creates the region: with huge pages on a hugetlbfs.
  func make(_ reference: RegionReference, huge: HugePages?) throws(ShmError) -> CreatedRegion {
    guard let huge else { return try make(reference) }
    if huge.isTransparent { return try make(reference, isCollapsed: true) }
    do {
      return try make(try place(of: reference, huge))
    } catch {
      guard huge.accepts(error) else { throw error }
      let made = try make(reference)
      made.refusal = error
      return made
    }
  }

  /// The reference of a region of huge pages.
  private func place(
    of reference: RegionReference, _ huge: HugePages
  ) throws(ShmError) -> RegionReference {
    if case .posix(let name) = reference {
      return try HugePageMount.reference(for: name, pageSize: huge.pageSize)
    }
    guard let directory = reference.directory else { return reference }
    let pageSize = try MemoryFileSystem.at(directory).pageSize
    guard pageSize > PageMath.pageSize, huge.pageSize ?? pageSize == pageSize else {
      throw ShmError(
        .notFound, "cannot create \(reference.quoted) with huge pages",
        "its file system has pages of \(ByteCount(pageSize))")
    }
    return reference
  }

  private func make(
    _ reference: RegionReference, isCollapsed: Bool = false
  ) throws(ShmError) -> CreatedRegion {
    var collapsed: Int?
    let made = try make(reference) { (region) throws(ShmError) in
      if isCollapsed { collapsed = try region.collapse() }
    }
    made.collapsed = collapsed
    return made
  }

  private func make(
    _ reference: RegionReference, preparing prepare: (borrowing Region) throws(ShmError) -> Void
  ) throws(ShmError) -> CreatedRegion {
    var wiring: HeldMapping?
    var status: RegionStatus?
    // Everything that can fail is done before the region has its name. A later failure would leave the region.
    let finish = { (region: borrowing Region) throws(ShmError) in
      try prepare(region)
      if wired { wiring = try wire(region) }
      status = try region.status()
    }
    if let from, isDirect {
      var method: DirectIO.Method?
      let region = try Region.create(
        reference, directlyFrom: from, size: size, options: settings, method: &method,
        progress: progress, finish: finish)
      return try CreatedRegion(region, status, wiring, method: method)
    }
    if let from {
      let source = try InputSource(from)
      let region = try Region.create(
        reference, from: source, size: size, options: settings, progress: progress, finish: finish)
      return try CreatedRegion(region, status, wiring)
    }
    guard open else {
      do {
        let region = try Region.create(
          reference, size: size ?? 0, options: settings, progress: progress, contents: finish)
        return try CreatedRegion(region, status, wiring)
      } catch {
        throw withOpen(error, reference)
      }
    }
    var isNew = true
    let region = try Region.openOrCreate(
      reference, size: size ?? 0, options: settings, isNew: &isNew, progress: progress,
      contents: finish)
    return try CreatedRegion(region, isNew ? status : nil, nil, isNew: isNew)
  }

  /// The error, with a hint at --open if the existing region is one that --open accepts.
  private func withOpen(_ error: ShmError, _ reference: RegionReference) -> ShmError {
    // Opens nothing for writing, because a watch of the region would report it.
    guard error.kind == .exists, !wired,
      let taken = try? Region.open(reference, access: .status),
      (try? taken.status().size) == size, (try? taken.requireSharedMemory("")) != nil,
      FileSystem.mayRead(taken.descriptorPath), FileSystem.mayWrite(taken.descriptorPath)
    else { return error }
    return ShmError(
      error.kind, error.attempt, error.reason,
      remedy: "choose another name, or use the existing region with --open",
      errorNumber: error.errorNumber)
  }

  /// Wires the whole region before it is visible to other processes.
  private func wire(_ region: borrowing Region) throws(ShmError) -> HeldMapping {
    let held = HeldMapping(try Mapping(of: region))
    try WiringRoom.check(
      region.reference.quoted, charge: held.charge, force: force
    ) { () throws(ShmError) in
      try held.mapping.wiringDemand()
    }
    var policy = WiringPolicy()
    try held.wire(&policy, following: 0) { _ in !SignalMask.isTerminationPending }
    return held
  }
}

/// A region that `create` created, with its wired mapping.
final class CreatedRegion {
  let region: Region
  /// What it is.
  let status: RegionStatus
  let isNew: Bool
  /// The reason for ordinary pages if huge pages were requested.
  var refusal: ShmError?
  /// The bytes on transparent huge pages; nil if these were not requested.
  var collapsed: Int?
  /// How direct I/O was done; nil without direct I/O.
  let method: DirectIO.Method?
  private let wiring: HeldMapping?

  // The status is known if it was read before the region had its name.
  init(
    _ region: consuming Region, _ status: RegionStatus?, _ wiring: HeldMapping?, isNew: Bool = true,
    method: DirectIO.Method? = nil
  ) throws(ShmError) {
    if let status { self.status = status } else { self.status = try region.status() }
    self.region = region
    self.wiring = wiring
    self.method = method
    self.isNew = isNew
  }

  /// The wired part; nil if wiring was not requested.
  var wired: Mapping.WiringReport? { wiring?.wiring }

  /// The wired part as a row of a report.
  func wireRow() throws(ShmError) -> WireReport.Row? {
    wiring.flatMap {
      $0.row(region.reference, isUnswappable: $0.mapping.isInherentlyUnswappable)
    }
  }

  /// The error, with a note that the region stays, because it was already held.
  func kept(after error: ShmError) -> ShmError {
    error.worded(reason: "\(error.reason); \(region.reference.quoted) was created and stays")
  }

  /// Removes the region again after a later step has failed. If the removal fails, the error says that the region
  /// remains.
  ///
  /// - Returns: the error, with a note if the region stays.
  func takenBack(after error: ShmError) -> ShmError {
    guard isNew else { return error }
    do throws(ShmError) {
      try region.unlink()
      return error
    } catch let left {
      return error.worded(
        reason:
          "\(error.reason); \(region.reference.quoted) was created and stays: \(left.attempt): \(left.reason)"
      )
    }
  }
}
