import ShmStreams

/// A way from one process to another, or a limit to compare it with. The raw value is its word in reports.
enum BenchMethod: String, CaseIterable {
  /// A stream whose bytes are read in the ring.
  case streamInPlace = "stream-in-place"
  /// A stream whose bytes are copied out of the ring.
  case stream
  /// The receiver maps each message, reads it in place and unmaps it.
  case map
  /// The receiver copies each message out of the sender's memory.
  case processMemory = "process-vm-readv"
  case pipe64K = "pipe-64k"
  case pipe1M = "pipe-1m"
  case unix
  case tcp
  case messageQueue = "mqueue"
  /// A copy within one process: the limit of what copies.
  case copy = "memcpy"

  case streamSpinning = "stream-spinning"
  case streamAdaptive = "stream-adaptive"
  case streamSleeping = "stream-sleeping"
  case pipe
  case futex
  case eventfd

  /// One pipe for each receiver.
  case pipes

  case touch, fallocate, write
  case populate
  case hugePool = "huge-pool"
  case hugeTransparent = "huge-transparent"
  case mlock
  case mlockOnFault = "mlock-on-fault"

  case wired, unwired

  case mincore, cachestat
  case seekData = "seek-data"
  case pagemap
  case pagemapScan = "pagemap-scan"

  static let transfers: [BenchMethod] = [
    .streamInPlace, .stream, .map, .processMemory, .pipe64K, .pipe1M, .unix, .tcp, .messageQueue,
    .copy,
  ]

  static let latencies: [BenchMethod] = [
    .streamSpinning, .streamAdaptive, .streamSleeping, .pipe, .unix, .futex, .eventfd,
  ]

  static let fanOuts: [BenchMethod] = [.streamInPlace, .pipes]

  static let memories: [BenchMethod] = [
    .touch, .fallocate, .write, .populate, .hugePool, .hugeTransparent, .mlock, .mlockOnFault,
  ]

  static let pageMethods: [BenchMethod] = [.mincore, .cachestat, .seekData, .pagemap, .pagemapScan]

  /// Whether the receiver sees the sender's pages.
  var sharesMemory: Bool {
    switch self {
    case .streamInPlace, .stream, .map, .streamSpinning, .streamAdaptive, .streamSleeping: true
    default: false
    }
  }

  /// Whether the kernel copies each message on its way.
  var passesMessages: Bool {
    switch self {
    case .pipe64K, .pipe1M, .unix, .tcp, .messageQueue, .pipe, .pipes: true
    default: false
    }
  }

  /// How a stream waits; nil for other methods.
  var waiting: StreamWaiting? {
    switch self {
    case .streamInPlace, .stream, .streamAdaptive: .adaptive
    case .streamSpinning: .spinning
    case .streamSleeping: .sleeping
    default: nil
    }
  }
}
