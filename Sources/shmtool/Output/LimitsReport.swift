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

  let memlockSoft: Limit
  let memlockHard: Limit
  let wiredBytes: Int
  let hasIpcLock: Bool
  let remaining: Limit
  let memoryAvailable: Unknowable<Int>
  let memoryTotal: Unknowable<Int>
  let shmFree: Unknowable<Int>
  let shmTotal: Unknowable<Int>

  init(_ limits: WiringLimits, memory: MemoryInformation?, shm: MemoryFileSystem?) {
    memlockSoft = Limit(limits.soft)
    memlockHard = Limit(limits.hard)
    wiredBytes = limits.used
    hasIpcLock = limits.hasCapability
    remaining = Limit(limits.remaining)
    memoryAvailable = Unknowable(memory?.available)
    memoryTotal = Unknowable(memory?.total)
    shmFree = Unknowable(shm?.free)
    shmTotal = Unknowable(shm?.total)
  }

  func text(_ style: TextStyle) -> String {
    func size(_ bytes: Int) -> String { Format.size(bytes, style) }
    func room(_ free: Unknowable<Int>, _ total: Unknowable<Int>) -> String {
      "\(free.text(size)) of \(total.text(size))"
    }
    var table = Table(columns: [Table.Column(heading: "LIMIT"), Table.Column(heading: "VALUE")])
    table.rows = [
      ["memlock soft", memlockSoft.text(style)],
      ["memlock hard", memlockHard.text(style)],
      ["wired by this process", size(wiredBytes)],
      [
        "CAP_IPC_LOCK",
        hasIpcLock ? "effective: the memlock limit does not count" : "not effective",
      ],
      ["may still be wired", remaining.text(style)],
      ["memory available", room(memoryAvailable, memoryTotal)],
      ["/dev/shm free", room(shmFree, shmTotal)],
    ]
    return table.text(headings: false)
  }
}
