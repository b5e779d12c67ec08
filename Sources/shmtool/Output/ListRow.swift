import ShmCore
import ShmInspection
import ShmStreams

extension ListReport {
  /// One region.
  struct Row: Encodable {
    let kind: String
    /// The exact name; null for a region that never had a name.
    let name: Unknowable<RawText>
    /// The reference for commands; the former name if no reference is possible.
    let region: RawText
    /// The reference for commands; null if no reference is possible.
    let reference: Unknowable<RawText>
    /// Whether its name was removed.
    let removed: Bool
    /// Whether its name leads to it: named, removed, hidden, unmounted, unknown.
    let nameState: String
    let device: UInt64
    let inode: UInt64
    /// Null for a stream, whose ring has no name.
    let size: Unknowable<Int>
    let allocated: Unknowable<Int>
    let resident: Unknowable<Int>
    let swapped: Unknowable<Int>
    let wired: Unknowable<Int>
    /// Null without permission, or if the column was not requested.
    let charged: Unknowable<[ChargeRow]>
    let huge: Unknowable<Int>
    /// Whether it is never swapped out by its nature: huge pages from a pool.
    let inherentlyUnswappable: Bool
    let mode: Unknowable<String>
    let owner: Unknowable<RawText>
    let ownerId: Unknowable<UInt32>
    /// Seconds since its creation or the last write, whichever is later.
    let ageSeconds: Unknowable<Int>
    /// Null unless it is a memfd.
    let seals: Unknowable<[String]>
    /// Null unless it is a System V segment.
    let segment: Unknowable<Segment>
    let users: [UserRow]
    /// Whether a process uses it: false only if the kernel proves it, null if it is unproven.
    let used: Unknowable<Bool>
    /// Whether no visible process uses it. The removal can prove it.
    let noUserSeen: Bool
    /// Whether `users` has all of its users.
    let usersComplete: Bool
    let use: RegionUse
    /// The members in JSON; nil for all.
    var keys: Set<CodingKeys>?

    enum CodingKeys: CodingKey {
      case kind, name, region, reference, removed, nameState, device, inode, size, allocated,
        resident
      case swapped, wired, charged, huge, inherentlyUnswappable, mode, owner, ownerId, ageSeconds,
        seals
      case segment, users, used, noUserSeen, usersComplete
    }
  }

  /// The properties that only a System V segment has.
  struct Segment: Encodable {
    let id: Int32
    /// As ipcs(1) writes it.
    let key: String
    let creatorPid: Int32
    let attaches: Int
    let locked: Bool
    let removed: Bool

    init(_ segment: SystemVSegment) {
      id = segment.identifier
      key = "0x" + Format.hexadecimal(segment.key)
      creatorPid = segment.creator
      attaches = segment.attaches
      locked = segment.isLocked
      removed = segment.isRemoved
    }
  }
}

extension ListReport.Row {
  init(_ entry: RegionInventory.Entry, now: Int) {
    kind = entry.kind.rawValue
    name = Unknowable(entry.name.isEmpty ? nil : RawText(entry.name))
    region = Self.region(entry)
    reference = Unknowable(entry.reference.map { RawText($0) })
    removed = entry.isRemoved
    nameState = entry.visibility.rawValue
    device = entry.identity.device
    inode = entry.identity.inode
    size = Unknowable(entry.size)
    allocated = Unknowable(entry.allocated)
    resident = Unknowable(entry.resident)
    swapped = Unknowable(entry.swapped)
    wired = Unknowable(entry.wired)
    charged = Unknowable(entry.charges.map { ChargeRow.all($0) })
    huge = Unknowable(entry.huge)
    inherentlyUnswappable = entry.isInherentlyUnswappable
    mode = Unknowable(entry.mode.map { Format.mode($0) })
    owner = Unknowable(entry.owner.map { Format.userName($0) })
    ownerId = Unknowable(entry.owner)
    ageSeconds = Unknowable(entry.lastChange.map { Clock.age(of: $0, now: now) })
    seals = Unknowable(entry.seals?.words)
    segment = Unknowable(entry.segment.map { ListReport.Segment($0) })
    users = entry.users.map { UserRow($0) }
    used = Unknowable(entry.use.isUsed)
    noUserSeen = entry.use == .unseen || entry.use == .unused
    usersComplete = entry.usersComplete
    use = entry.use
  }

  init(_ stream: StreamInventory.Entry, now: Int) {
    let status = stream.status
    let bytes = stream.place.name.bytes
    kind = ListKind.stream.rawValue
    name = Unknowable(RawText(bytes))
    reference = Unknowable(StreamReference.argument(stream.place).map { RawText($0) })
    region = reference.value ?? RawText(stream.place.path.bytes)
    removed = false
    nameState = RegionInventory.Entry.Visibility.named.rawValue
    device = status.identity.device
    inode = status.identity.inode
    (size, allocated, resident) = (Unknowable(nil), Unknowable(nil), Unknowable(nil))
    (swapped, wired, huge) = (Unknowable(nil), Unknowable(nil), Unknowable(nil))
    charged = Unknowable(nil)
    inherentlyUnswappable = false
    mode = Unknowable(Format.mode(status.mode))
    owner = Unknowable(Format.userName(status.owner))
    ownerId = Unknowable(status.owner)
    ageSeconds = Unknowable(Clock.age(of: status.lastChange, now: now))
    seals = Unknowable(nil)
    segment = Unknowable(nil)
    users = stream.sender.map { [UserRow($0)] } ?? []
    used = Unknowable(stream.use.isUsed)
    noUserSeen = stream.use == .unseen || stream.use == .unused
    usersComplete = stream.use == .unused
    use = stream.use
  }

  /// A region without a name is shown by a process and an address.
  private static func region(_ entry: RegionInventory.Entry) -> RawText {
    if !entry.isRemoved, entry.kind != .memfd, let reference = entry.reference {
      return RawText(reference)
    }
    if !entry.name.isEmpty { return RawText(entry.name) }
    if let reference = entry.reference { return RawText(reference) }
    guard let user = entry.users.first, let map = user.mappings.first else { return RawText("-") }
    return RawText("\(user.process)@\(Format.address(map.addresses.lowerBound))")
  }
}

extension ListReport.Row {
  /// The suffix after a name that does not lead to the region.
  var mark: String {
    switch RegionInventory.Entry.Visibility(rawValue: nameState) {
    case .removed: segment.value == nil ? " (removed)" : " (marked for destruction)"
    case .hidden: " (hidden by another mount)"
    case .unmounted: " (unmounted)"
    case .named, .unknown, nil: ""
    }
  }
}
