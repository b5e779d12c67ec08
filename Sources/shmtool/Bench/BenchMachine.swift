import CShm
import ShmCore
import SystemPackage

/// The machine and the limits of a measurement.
struct BenchMachine: Encodable {
  /// The model of the processors.
  let model: Unknowable<String>
  /// The processors that this process may use.
  let processors: Int
  let kernel: Unknowable<String>
  let pageSize: Int
  /// The memory in bytes.
  let memory: Unknowable<Int>
  /// When shared memory gets huge pages by itself.
  let sharedMemoryHugePages: Unknowable<String>
  /// The bytes of the pool of huge pages, of all sizes.
  let hugePagePool: Int
  /// The largest pipe of an ordinary user in bytes.
  let pipeMaximum: Unknowable<Int>
  /// The soft memlock limit.
  let memlockLimit: Unknowable<LimitsReport.Limit>
  /// The part of the processors' time that the hypervisor took during the measurement, 0 to 1.
  var stealShare: Unknowable<Double>
  /// The core-to-core latency in the usual state during the measurement, in nanoseconds, see `CoreLatency`.
  var coreLatency: Unknowable<Double>

  static var current: BenchMachine {
    BenchMachine(
      model: Unknowable(model), processors: Int(cshm_processors()), kernel: Unknowable(kernel),
      pageSize: PageMath.pageSize, memory: Unknowable(MemoryInformation.current()?.total),
      sharedMemoryHugePages: Unknowable(KernelSettings.current().shmemHugePages),
      hugePagePool: HugePagePool.all().reduce(0) { $0 + $1.total * $1.pageSize },
      pipeMaximum: Unknowable(
        (try? FileSystem.firstLine(of: "/proc/sys/fs/pipe-max-size"))
          .flatMap { ProcText.decimal($0) }),
      memlockLimit: Unknowable(memlockLimit), stealShare: Unknowable(nil),
      coreLatency: Unknowable(nil))
  }

  private static var model: String? {
    guard let text = try? FileSystem.contents(of: "/proc/cpuinfo") else { return nil }
    return ProcText.lines(text).lazy.compactMap { ProcText.field($0) }
      .first { $0.name.hasPrefix("model name") }
      .map { String(decoding: $0.value, as: UTF8.self) }
  }

  private static var kernel: String? {
    (try? FileSystem.firstLine(of: "/proc/sys/kernel/osrelease"))
      .map { String(decoding: $0, as: UTF8.self) }
  }

  private static var memlockLimit: LimitsReport.Limit? {
    var (soft, hard): (UInt64, UInt64) = (0, 0)
    guard unsafe cshm_memlock_limit(0, &soft, &hard) == 0 else { return nil }
    // RLIM_INFINITY fits no signed number.
    return LimitsReport.Limit(Int(exactly: soft))
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
