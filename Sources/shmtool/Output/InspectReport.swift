import ShmCore
import ShmInspection

/// Regions in depth.
struct InspectReport: Report {
  /// The pages by state, in bytes.
  struct Pages: Encodable {
    let allocated: Int
    let resident: Unknowable<Int>
    let swapped: Unknowable<Int>
    let reserved: Unknowable<Int>
    let hole: Int
    /// Null also for huge pages of the pool, which are never paged out.
    let wired: Unknowable<Int>
    /// What is known to be wired.
    let wiredAtLeast: Int
    let huge: Unknowable<Int>
    /// Null if nothing has to be written to a device.
    let dirty: Unknowable<Int>
    /// The source of the wired pages: `frames`, `mappings`, `none`.
    let wiredSource: String
  }

  /// The change of each figure in bytes a second since the previous inspection.
  struct Rates: Encodable {
    let allocated: Double
    let resident: Unknowable<Double>
    let swapped: Unknowable<Double>
    let reserved: Unknowable<Double>
    let wired: Unknowable<Double>
  }

  /// Physical frames that follow one another.
  struct Frames: Encodable {
    let offset: Int
    let length: Int
    let frame: UInt64
  }

  /// A run of pages in the same state.
  struct Run: Encodable {
    let offset: Int
    let length: Int
    let state: String
    let isWired: Unknowable<Bool>
    let isHuge: Unknowable<Bool>
    let isDirty: Unknowable<Bool>
    /// Null if the caller may not see frames; pages without a frame are mapped by no visible process.
    let frames: Unknowable<[Frames]>
  }

  /// One region.
  struct Entry: Encodable {
    let region: RawText
    let kind: String
    let path: Unknowable<RawText>
    let fileSystem: String
    /// The kind of the file system that is mounted there: `ext4` if `fileSystem` is `other`.
    let mountKind: Unknowable<RawText>
    let mountPoint: Unknowable<RawText>
    let mountOptions: Unknowable<[RawText]>
    /// A process that sees the mount, if this one does not.
    let mountPid: Unknowable<Int32>
    /// Whether another mount lies over it.
    let mountCovered: Bool
    let device: UInt64
    let inode: UInt64
    let size: Int
    let allocated: Int
    /// Null for a segment of an IPC namespace that cannot be inspected, like its owner.
    let mode: Unknowable<String>
    let owner: Unknowable<RawText>
    let ownerId: Unknowable<UInt32>
    let groupId: Unknowable<UInt32>
    /// Null unless it is a System V segment.
    let segment: Unknowable<ListReport.Segment>
    let links: Int
    let pageSize: Int
    let seals: Unknowable<[String]>
    let inherentlyUnswappable: Bool
    let pages: Pages
    /// The control groups that are charged for the pages in RAM, the one with the most first; null if
    /// they may not be seen.
    let charged: Unknowable<[ChargeRow]>
    /// The allocated bytes without a group in `charged`: reserved and swapped pages. Null if `charged` is null.
    let chargedUnknown: Unknowable<Int>
    let rates: Unknowable<Rates>
    let users: [InspectUser]
    let used: Unknowable<Bool>
    let usersComplete: Bool
    /// Null unless asked for.
    let runs: Unknowable<[Run]>
    let use: RegionUse
    let map: PageMap?

    enum CodingKeys: CodingKey {
      case region, kind, path, fileSystem, mountKind, mountPoint, mountOptions, mountPid,
        mountCovered, device, inode, size, allocated, segment
      case mode, owner, ownerId, groupId, links, pageSize, seals, inherentlyUnswappable, pages,
        charged, chargedUnknown, rates
      case users, used, usersComplete, runs
    }

    /// - Parameters:
    ///   - inspection: the findings.
    ///   - before: the previous inspection, for rates.
    ///   - showsRuns: whether the runs are listed.
    init(
      _ inspection: RegionInspection, after before: RegionInspection? = nil, showsRuns: Bool = false
    ) {
      let status = inspection.status
      region = RawText(inspection.reference)
      kind = inspection.kind.rawValue
      path = Unknowable(inspection.path.map { RawText($0) })
      fileSystem = inspection.fileSystem.kind.rawValue
      mountKind = Unknowable(inspection.mount.map { RawText($0.mount.kindBytes) })
      mountPoint = Unknowable(inspection.mount.map { RawText($0.mount.point.bytes) })
      mountPid = Unknowable(inspection.mount?.process)
      mountCovered = inspection.mount?.reach == .covered
      // Some options appear both for the mount and for the file system.
      mountOptions = Unknowable(
        inspection.mount?.mount.options.reduce(into: []) { options, next in
          let word = RawText(next)
          if !options.contains(word) { options.append(word) }
        })
      device = status.identity.device
      inode = status.identity.inode
      size = status.size
      allocated = status.allocated
      let isUnknown = inspection.kind == .systemV && inspection.segment == nil
      mode = Unknowable(isUnknown ? nil : Format.mode(status.mode))
      owner = Unknowable(isUnknown ? nil : Format.userName(status.owner))
      ownerId = Unknowable(isUnknown ? nil : status.owner)
      groupId = Unknowable(isUnknown ? nil : status.group)
      segment = Unknowable(inspection.segment.map { ListReport.Segment($0) })
      links = status.links
      pageSize = status.pageSize
      seals = Unknowable(inspection.seals?.words)
      inherentlyUnswappable = inspection.isInherentlyUnswappable
      pages = Pages(inspection)
      charged = Unknowable(inspection.charges.map { ChargeRow.all($0) })
      chargedUnknown = Unknowable(
        inspection.charges.map { max(0, inspection.status.allocated - $0.bytes) })
      rates = Unknowable(before.flatMap { Rates(from: $0, to: inspection) })
      users = inspection.users.map { InspectUser($0, inspection.mappings.mappings(of: $0.process)) }
      use = inspection.use
      used = Unknowable(use.isUsed)
      usersComplete = inspection.usersComplete
      map = inspection.map
      runs = Unknowable(showsRuns ? map.map { Run.all(of: $0) } : nil)
    }
  }

  let action = "inspect"
  let regions: [Entry]
  let addresses: [AddressReport]

  enum CodingKeys: CodingKey {
    case action, regions, addresses
  }

  init(regions: [Entry], addresses: [AddressReport]) {
    self.regions = regions
    self.addresses = addresses
  }

  func text(_ style: TextStyle) -> String {
    if style.isRaw { return RawTable.text(regions.flatMap(\.fields)) }
    return (addresses.map { $0.text(style) } + regions.map { $0.text(style) }).joined(
      separator: "\n")
  }
}

extension InspectReport.Pages {
  init(_ inspection: RegionInspection) {
    let (status, pages) = (inspection.status, inspection.pages)
    self.init(
      allocated: pages?.allocated ?? status.allocated, resident: Unknowable(pages?.resident),
      swapped: Unknowable(pages?.swapped), reserved: Unknowable(pages?.reserved),
      hole: pages?.hole ?? max(0, status.size - status.allocated),
      wired: Unknowable(pages?.wired), wiredAtLeast: inspection.map?.wiredAtLeast ?? 0,
      huge: Unknowable(pages?.huge), dirty: Unknowable(pages?.dirty),
      wiredSource: (inspection.map?.wiredSource ?? .none).rawValue)
  }
}

extension InspectReport.Rates {
  /// nil if no time has passed.
  init?(from before: RegionInspection, to after: RegionInspection) {
    let seconds = Double(after.time - before.time) / 1e9
    guard seconds > 0 else { return nil }
    func rate(_ from: Int?, _ to: Int?) -> Unknowable<Double> {
      guard let from, let to else { return Unknowable(nil) }
      return Unknowable(Double(to - from) / seconds)
    }
    allocated = Double(after.status.allocated - before.status.allocated) / seconds
    resident = rate(before.pages?.resident, after.pages?.resident)
    swapped = rate(before.pages?.swapped, after.pages?.swapped)
    reserved = rate(before.pages?.reserved, after.pages?.reserved)
    wired = rate(before.pages?.wired, after.pages?.wired)
  }
}

extension InspectReport.Run {
  /// The runs of a map, each with its frames.
  static func all(of map: PageMap) -> [Self] {
    var frames = map.frames[...]
    return map.runs.map { run in
      // Both are in the order of their bytes, and frames can continue from one run to the next.
      var own: [InspectReport.Frames] = []
      while let next = frames.first, next.range.lowerBound < run.range.upperBound {
        let part = next.range.clamped(to: run.range)
        let distance = (part.lowerBound - next.range.lowerBound) / PageMath.pageSize
        if !part.isEmpty {
          own.append(
            InspectReport.Frames(
              offset: part.lowerBound, length: part.count, frame: next.first + UInt64(distance)))
        }
        if next.range.upperBound > run.range.upperBound { break }
        frames.removeFirst()
      }
      let isSeen = map.wiredSource == .frames || !own.isEmpty
      return Self(
        offset: run.range.lowerBound, length: run.range.count, state: run.state.rawValue,
        isWired: Unknowable(run.isWired), isHuge: Unknowable(run.isHuge),
        isDirty: Unknowable(run.isDirty), frames: Unknowable(isSeen ? own : nil))
    }
  }
}
