import ShmCore

/// The limits on wiring.
struct LimitsReport: Report {
  /// Whether there is no limit, and otherwise how many bytes.
  struct Limit: Encodable {
    let unlimited: Bool
    let bytes: Unknowable<Int>

    init(_ bytes: Int?) {
      unlimited = bytes == nil
      self.bytes = Unknowable(bytes)
    }

    func text(_ style: TextStyle) -> String {
      bytes.value.map { Format.size($0, style) } ?? "unlimited"
    }
  }

  /// The same for a number of things.
  struct CountLimit: Encodable {
    let unlimited: Bool
    let count: Unknowable<Int>

    init(_ count: Int?) {
      unlimited = count == nil
      self.count = Unknowable(count)
    }

    var text: String { count.value.map { "\($0)" } ?? "unlimited" }
  }

  struct Group: Encodable {
    let version: Int
    let path: RawText
    let limit: Limit
    let usage: Int
    let reclaimable: Int
  }

  struct Pool: Encodable {
    let pageSize: Int
    let totalPages: Int
    let freePages: Int
    let reservedPages: Int
    let availablePages: Int
  }

  struct Mount: Encodable {
    let limit: Limit
    let free: Unknowable<Int>
    let inodeLimit: CountLimit
    let freeInodes: Unknowable<Int>
    let noSwap: Bool
    let hugePages: String
  }

  struct Holder: Encodable {
    let pid: Int32
    let command: String
    let wired: Int
  }

  struct Host: Encodable {
    let wired: Unknowable<Int>
    let unevictable: Unknowable<Int>
    let wiredByProcesses: Int
    let holders: [Holder]
  }

  struct Answer: Encodable {
    let need: Int
    /// null: unknown.
    let possible: Unknowable<Bool>
    let refusedBy: Unknowable<String>
    let hint: Unknowable<String>
  }

  /// A piece of evidence of the place, and the kind of place that it indicates.
  struct Evidence: Encodable {
    let mark: String
    let environment: String
  }

  let action = "limits"
  let pid: Int32
  let memlockSoft: Limit
  let memlockHard: Limit
  let wired: Int
  let pinned: Int
  let capIpcLock: Bool
  let initialUserNamespace: Unknowable<Bool>
  let memlockRemaining: Limit
  let probed: Unknowable<Limit>
  let cgroups: [Group]
  let memoryTotal: Unknowable<Int>
  let memoryAvailable: Unknowable<Int>
  let swapTotal: Unknowable<Int>
  let swapFree: Unknowable<Int>
  let shm: Unknowable<Mount>
  let hugePagePools: [Pool]
  let shmemHugePages: Unknowable<String>
  let mappings: Unknowable<Int>
  let maximumMappings: Unknowable<Int>
  /// The largest System V segment.
  let shmmax: Unknowable<Limit>
  /// The pages of all System V segments.
  let shmall: Unknowable<CountLimit>
  let shmmni: Unknowable<UInt64>
  let overcommit: Unknowable<Int>
  /// Whether compaction may move locked pages (vm.compact_unevictable_allowed).
  let compactUnevictableAllowed: Unknowable<Int>
  let host: Host
  /// The place in words; "unknown" if there is no evidence, or if it is contradictory.
  let environment: String
  /// The nested places, the outermost first.
  let environments: [String]
  /// The evidence.
  let evidence: [Evidence]
  /// Whether the evidence is contradictory.
  let contradictory: Bool
  /// How to raise the limit that refuses in this place; null if no limit refuses, or without a request.
  let hint: Unknowable<String>
  /// The unreadable sources that decide the answer, in words; empty if every source was read.
  let unknown: [String]
  /// How much could be wired now; null if it is unknown or no limit is known.
  let available: Unknowable<Int>
  let binding: Unknowable<String>
  /// The meaning of the lowest limit; null if its name is self-explanatory.
  let bindingNote: Unknowable<String>
  let answer: Unknowable<Answer>
  /// How much could be created; null if there is no place for regions.
  let room: Unknowable<RoomReport>

  init(
    _ limits: WiringLimits, verdict: WiringVerdict, host: HostWiring, shm: SharedMemoryMount?,
    probed: WiringTrial?, answer: WiringAnswer?, place: Place,
    room: RoomReport?
  ) {
    self.room = Unknowable(room)
    pid = limits.process
    memlockSoft = Limit(limits.soft)
    memlockHard = Limit(limits.hard)
    wired = limits.used
    pinned = limits.pinned
    capIpcLock = limits.hasCapability
    initialUserNamespace = Unknowable(limits.isInInitialNamespace)
    memlockRemaining = Limit(limits.remaining)
    self.probed = Unknowable(probed.map { Limit($0) })
    cgroups = limits.cgroups.map {
      Group(
        version: $0.version, path: RawText($0.path.bytes), limit: Limit($0.limit),
        usage: $0.used, reclaimable: $0.reclaimable)
    }
    memoryTotal = Unknowable(limits.memory?.total)
    memoryAvailable = Unknowable(limits.memory?.available)
    swapTotal = Unknowable(limits.memory?.swapTotal)
    swapFree = Unknowable(limits.memory?.swapFree)
    self.shm = Unknowable(
      shm.map {
        Mount(
          limit: Limit($0.fileSystem.total), free: Unknowable($0.fileSystem.free),
          inodeLimit: CountLimit($0.fileSystem.totalInodes),
          freeInodes: Unknowable($0.fileSystem.freeInodes), noSwap: $0.isNoSwap,
          hugePages: $0.hugePages)
      })
    hugePagePools = HugePagePool.all().map {
      Pool(
        pageSize: $0.pageSize, totalPages: $0.total, freePages: $0.free,
        reservedPages: $0.reserved, availablePages: $0.available)
    }
    shmemHugePages = Unknowable(limits.settings.shmemHugePages)
    mappings = Unknowable(limits.mappings)
    maximumMappings = Unknowable(limits.settings.maximumMappings)
    // The kernel's default is a value near 2^64, which means no limit.
    shmmax = Unknowable(limits.settings.shmmax.map { Limit(Int(exactly: $0)) })
    shmall = Unknowable(limits.settings.shmall.map { CountLimit(Int(exactly: $0)) })
    shmmni = Unknowable(limits.settings.shmmni)
    overcommit = Unknowable(limits.settings.overcommit)
    compactUnevictableAllowed = Unknowable(limits.settings.compactsUnevictable)
    self.host = Host(
      wired: Unknowable(host.locked), unevictable: Unknowable(host.unevictable),
      wiredByProcesses: host.processes,
      holders: host.holders.prefix(10).map {
        Holder(pid: $0.process, command: $0.command, wired: $0.wired)
      })
    let advisor = Advice(place)
    environment = advisor.name
    environments = place.layers.map(\.kind.rawValue)
    evidence = place.evidence.map { Evidence(mark: $0.mark.text, environment: $0.kind.rawValue) }
    contradictory = !place.contradictions.isEmpty
    hint = Unknowable(
      answer?.shortage.map { advisor.text(for: $0) } ?? room?.answer.value?.hint.value
        ?? (verdict.binding == .refused
          ? advisor.text(for: LimitShortage(.systemCallFilter, needed: nil)) : nil))
    bindingNote = Self.note(verdict.binding)
    // More is certainly refused; whether this amount can be wired is unknown.
    let unknowns = verdict.unknowns(answer?.need ?? verdict.available ?? Int.max)
    unknown = unknowns.map { $0.text(place) }
    let isKnown = verdict.unknowns(verdict.available ?? Int.max).isEmpty
    available = Unknowable(isKnown ? verdict.available : nil)
    binding = Unknowable(isKnown ? verdict.binding?.name : nil)
    self.answer = Unknowable(
      answer.map {
        Answer(
          need: $0.need, possible: Unknowable($0.isYes),
          refusedBy: Unknowable($0.refusing?.bound.name),
          hint: Unknowable($0.shortage.map { advisor.text(for: $0) }))
      })
  }
}
