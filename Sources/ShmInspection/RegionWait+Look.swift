import Glibc
import ShmCore
import SystemPackage

/// One look at everything that is waited for.
extension RegionWait {
  /// Looks whether all conditions hold.
  ///
  /// - Parameter completely: whether to look at each condition even if one does not hold, so that `found` is complete.
  /// - Returns: whether all hold.
  /// - Throws: `ShmError`, as `run(timeout:)`.
  mutating func look(completely: Bool) throws(ShmError) -> Bool {
    found = Found()
    didOpen = false
    try lookAtRegion()
    var allHold = true
    for condition in conditions {
      if try holds(condition) { continue }
      allHold = false
      if !completely { return false }
    }
    return allHold
  }

  /// Finds the region that has the name now.
  private mutating func lookAtRegion() throws(ShmError) {
    guard let reference else { return }
    let before = known?.identity
    known = try status(of: reference)
    found.exists = known != nil
    found.size = known?.size
    let isOther = wasFound && before != known?.identity
    if isOther, conditions.contains(where: \.isOfOneRegion) {
      throw ShmError(
        .notFound, attempt, known == nil ? "it was removed" : "it was replaced by another region")
    }
    firstSize = firstSize ?? known?.size ?? 0
    wasFound = known != nil
    found.growth = known.map { $0.size - (firstSize ?? 0) }
  }

  /// The status of the region; nil if it does not exist. A region that was found is not opened again, because that
  /// would be an event.
  private func status(of reference: RegionReference) throws(ShmError) -> RegionStatus? {
    if let known, let path = reference.path {
      let isName = reference.directory != nil
      let status = try? isName ? FileSystem.status(path) : FileSystem.followedStatus(path)
      if let status, RegionIdentity(status) == known.identity {
        return RegionStatus(status, created: nil, pageSize: known.pageSize)
      }
    }
    do {
      return try Region.open(reference, access: .status).status()
    } catch {
      guard Self.isGone(reference, error) else { throw error }
      return nil
    }
  }

  /// Whether an error means that the region does not exist. The descriptors of a process that exits are gone, but an
  /// ordinary user gets `EACCES` for them until the parent has waited for the process.
  private static func isGone(_ reference: RegionReference, _ error: ShmError) -> Bool {
    if error.kind == .notFound { return true }
    guard case .descriptor(let owner, _) = reference, error.kind == .notPermitted else {
      return false
    }
    do {
      return try ProcessWatch(owner).waitForEnd(timeout: .milliseconds(500))
    } catch {
      return error.kind == .notFound
    }
  }

  private mutating func holds(_ condition: Region.Condition) throws(ShmError) -> Bool {
    if case .room(let bytes, let directory) = condition { return try isRoom(bytes, in: directory) }
    guard let reference, let known else { return condition == .removed }
    switch condition {
    case .created: return true
    case .removed, .room: return false
    case .size(let size): return known.size >= size
    case .grown(let bytes): return found.growth.map { $0 >= bytes } ?? false
    case .bytes(let bytes, let offset):
      let isEqual = try opening(reference) { (region) throws(ShmError) in
        try Self.hold(bytes, at: offset, in: region)
      }
      found.isEqual = isEqual
      return isEqual ?? false
    case .users(let count):
      let scan = try RegionUsers.scan(for: [known.identity])
      let users = scan.users(of: known.identity).map(\.process)
      found.use = users.isEmpty ? scan.isComplete ? .unseen : .unknown : .used(users)
      return users.count >= count
    case .unused: return try isUnused(reference, known.identity)
    case .resident(let bytes): return try isResident(bytes, reference)
    }
  }

  private mutating func isRoom(_ bytes: Int, in directory: FilePath) throws(ShmError) -> Bool {
    let answer = try RoomAnswer(need: bytes, in: directory)
    found.room = answer
    if let isYes = answer.isYes { return isYes }
    throw ShmError(
      .answerUnknown, attempt,
      "it is unknown whether there is room for \(ByteCount(bytes)) in \(Escaping.quoted(directory.bytes))"
    )
  }

  private mutating func isUnused(
    _ reference: RegionReference, _ identity: RegionIdentity
  ) throws(ShmError) -> Bool {
    let scan = try RegionUsers.scan(for: [identity])
    let users = scan.users(of: identity).map(\.process)
    if !users.isEmpty {
      found.use = .used(users)
      return false
    }
    // The proof opens the region for a moment.
    didOpen = true
    let use = try Self.proof(reference, identity, scan)
    found.use = use
    if use == .unused { return true }
    if let use, case .used = use { return false }
    if use == nil { return false }
    throw ShmError(
      .answerUnknown, attempt,
      "processes of other users, which are not visible here, may use it",
      remedy: "run as root, or as its owner with read permission")
  }

  /// The proven use of the region; nil if it is not the one that was found.
  private static func proof(
    _ reference: RegionReference, _ identity: RegionIdentity, _ scan: RegionUsers
  ) throws(ShmError) -> RegionUse? {
    do {
      let region = try Region.open(reference, access: .status)
      guard try region.status().identity == identity else { return nil }
      return try RegionUse.proved(region, in: scan)
    } catch {
      guard Self.isGone(reference, error) else { throw error }
      return nil
    }
  }

  private mutating func isResident(
    _ bytes: Int, _ reference: RegionReference
  ) throws(ShmError) -> Bool {
    let map = try opening(reference) { (region) throws(ShmError) in try PageMap(of: region) }
    guard let map else { return false }
    var (resident, unknown) = (0, 0)
    for run in map.runs where run.state == .resident { resident += run.range.count }
    for run in map.runs where run.state == .unknown { unknown += run.range.count }
    found.resident = unknown == 0 ? resident : nil
    if resident >= bytes { return true }
    guard resident + unknown >= bytes else { return false }
    throw ShmError(
      .answerUnknown, attempt, "the kernel does not show which of its pages are in RAM",
      remedy: "run as root, or as its owner")
  }

  /// Opens the region for reading.
  ///
  /// - Returns: what `body` returns; nil if the region does not exist, or if another region has the name.
  private mutating func opening<Result>(
    _ reference: RegionReference, _ body: (borrowing Region) throws(ShmError) -> Result
  ) throws(ShmError) -> Result? {
    didOpen = true
    do {
      let region = try Region.open(reference, access: .readOnly)
      guard try region.status().identity == known?.identity else { return nil }
      return try body(region)
    } catch {
      guard Self.isGone(reference, error) else { throw error }
      return nil
    }
  }

  private static func hold(
    _ bytes: [UInt8], at offset: Int, in region: borrowing Region
  ) throws(ShmError) -> Bool {
    var actual = [UInt8](repeating: 0, count: bytes.count)
    let count = try unsafe actual.withUnsafeMutableBufferPointer {
      (buffer) throws(ShmError) -> Int in
      try unsafe region.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
    }
    return count == bytes.count && actual == bytes
  }
}
