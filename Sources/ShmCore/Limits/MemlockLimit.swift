import CShm
import SystemPackage

/// RLIMIT_MEMLOCK of a process, in bytes; nil is no limit. getrlimit(2)
struct MemlockLimit: Hashable {
  /// What counts.
  let soft: Int?
  /// Up to which the soft one may be raised.
  let hard: Int?

  /// The limit of a process, nil for this one, now. prlimit(2), and for other users' processes,
  /// which it does not tell, proc_pid_limits(5)
  static func current(of process: Int32?) throws(Errno) -> MemlockLimit {
    var soft: UInt64 = 0
    var hard: UInt64 = 0
    do {
      try SystemCall.checkNegated { unsafe cshm_memlock_limit(process ?? 0, &soft, &hard) }
    } catch .notPermitted {
      let text = try FileSystem.contents(of: FilePath("/proc/\(process ?? 0)/limits"))
      guard let limit = MemlockLimit(parsing: text) else { throw .notPermitted }
      return limit
    }
    return MemlockLimit(
      soft: soft == .max ? nil : Int(clamping: soft), hard: hard == .max ? nil : Int(clamping: hard)
    )
  }

  init(soft: Int?, hard: Int?) {
    self.soft = soft
    self.hard = hard
  }

  /// Parses /proc/PID/limits; nil if the line is missing or has another form.
  init?(parsing text: [UInt8]) {
    let name = "Max locked memory".utf8
    guard let line = ProcText.lines(text).first(where: { $0.starts(with: name) }) else {
      return nil
    }
    // Max locked memory         8388608              unlimited            bytes
    let words = ProcText.words(line.dropFirst(name.count))
    guard words.count >= 2 else { return nil }
    let values = words.prefix(2).map { word -> (isLimit: Bool, bytes: Int?) in
      (!word.elementsEqual("unlimited".utf8), ProcText.decimal(word))
    }
    guard values.allSatisfy({ !$0.isLimit || $0.bytes != nil }) else { return nil }
    soft = values[0].bytes
    hard = values[1].bytes
  }
}
