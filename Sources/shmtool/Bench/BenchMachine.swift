import CShm
import ShmCore
import SystemPackage

/// The machine and the limits of a measurement.
struct BenchMachine: Codable {
  /// The model of the processors; omitted if unknown.
  let model: String?
  /// The processors that this process may use.
  let processors: Int
  let kernel: String
  let pageSize: Int
  /// The memory in bytes; omitted if unknown.
  let memory: Int?
  /// When shared memory gets huge pages by itself; omitted if unknown.
  let sharedMemoryHugePages: String?
  /// The bytes of the pool of huge pages, of all sizes.
  let hugePagePool: Int
  /// The largest pipe of an ordinary user in bytes; omitted if unknown.
  let pipeMaximum: Int?
  /// The soft memlock limit in bytes; omitted if it is unlimited or unknown.
  let memlockLimit: Int?
  /// The part of the processors' time that the hypervisor took during the measurement, 0 to 1; omitted if unknown.
  var stealShare: Double?

  static var current: BenchMachine {
    BenchMachine(
      model: model, processors: Int(cshm_processors()), kernel: kernel,
      pageSize: PageMath.pageSize, memory: MemoryInformation.current()?.total,
      sharedMemoryHugePages: KernelSettings.current().shmemHugePages,
      hugePagePool: HugePagePool.all().reduce(0) { $0 + $1.total * $1.pageSize },
      pipeMaximum: (try? FileSystem.firstLine(of: "/proc/sys/fs/pipe-max-size"))
        .flatMap { ProcText.decimal($0) },
      memlockLimit: memlockLimit, stealShare: nil)
  }

  private static var model: String? {
    guard let text = try? FileSystem.contents(of: "/proc/cpuinfo") else { return nil }
    return ProcText.lines(text).lazy.compactMap { ProcText.field($0) }
      .first { $0.name.hasPrefix("model name") }
      .map { String(decoding: $0.value, as: UTF8.self) }
  }

  private static var kernel: String {
    let text = (try? FileSystem.firstLine(of: "/proc/sys/kernel/osrelease")).map { Array($0) }
    return text.map { String(decoding: $0, as: UTF8.self) } ?? "unknown"
  }

  private static var memlockLimit: Int? {
    var (soft, hard): (UInt64, UInt64) = (0, 0)
    guard unsafe cshm_memlock_limit(0, &soft, &hard) == 0 else { return nil }
    return Int(exactly: soft)
  }
}

/// The processors' time since the start of the machine, in ticks. proc_stat(5)
struct ProcessorTicks {
  let all: Int
  let steal: Int

  /// The ticks now; nil if they cannot be read.
  static var current: ProcessorTicks? {
    guard let line = try? FileSystem.firstLine(of: "/proc/stat") else { return nil }
    // user, nice, system, idle, iowait, irq, softirq, steal
    let ticks = ProcText.words(line).dropFirst().prefix(8).compactMap { ProcText.decimal($0) }
    guard ticks.count == 8 else { return nil }
    return ProcessorTicks(all: ticks.reduce(0, +), steal: ticks[7])
  }

  /// The part of the time since an earlier moment that the hypervisor took.
  func stealShare(since earlier: ProcessorTicks) -> Double {
    Double(steal - earlier.steal) / Double(max(1, all - earlier.all))
  }
}
