/// How much is measured.
struct BenchPlan {
  /// How often each series is measured, the methods in turn.
  let rounds: Int
  /// How often all of this is repeated. Later rounds show what changes from second to second.
  let passes: Int
  /// The time of one measurement, in nanoseconds.
  let sampleTime: Int
  /// The bytes of the messages that are transferred.
  let transferSizes: [Int]
  /// The bytes of the largest message for which the processes of a transfer are set up. A part of a plan has the same,
  /// because it changes the conditions.
  let largestTransfer: Int
  /// The bytes of the messages that come back.
  let latencySizes: [Int]
  /// The round trips of one measurement.
  let roundTrips: Int
  /// The receivers of one sender.
  let receivers: [Int]
  /// The bytes of memory that are made ready and examined.
  let memorySize: Int

  static let quick = BenchPlan(
    rounds: 2, passes: 4, sampleTime: 10_000_000,
    transferSizes: [64, 1 << 10, 16 << 10, 256 << 10, 4 << 20, 16 << 20],
    largestTransfer: 16 << 20, latencySizes: [64],
    roundTrips: 300, receivers: [1, 2, 4], memorySize: 64 << 20)

  static let whole = BenchPlan(
    rounds: 11, passes: 1, sampleTime: 60_000_000,
    transferSizes: (0...10).map { 64 << (2 * $0) }, largestTransfer: 64 << 20,
    latencySizes: [8, 64, 512, 4096],
    roundTrips: 5000, receivers: [1, 2, 4, 8], memorySize: 256 << 20)

  /// The time between two round trips, in nanoseconds.
  static let interval = 200_000
  /// The bytes of each piece that is sent to several receivers.
  static let piece = 256 << 10

  /// The part of this plan that measures some series again.
  ///
  /// - Parameters:
  ///   - series: the series.
  ///   - passes: how many passes are measured as one.
  /// - Returns: a plan of one pass.
  func measuring(_ series: [BenchSeries], passes: Int = 1) -> BenchPlan {
    func sizes(_ all: [Int], _ test: BenchTest) -> [Int] {
      all.filter { size in series.contains { $0.test == test && $0.size == size } }
    }
    return BenchPlan(
      rounds: rounds * passes, passes: 1, sampleTime: sampleTime,
      transferSizes: sizes(transferSizes, .transfer),
      largestTransfer: largestTransfer,
      latencySizes: sizes(latencySizes, .latency), roundTrips: roundTrips,
      receivers: receivers.filter { count in
        series.contains { $0.test == .fanOut && $0.receivers == count }
      },
      memorySize: memorySize)
  }

  /// How many messages take the time of one measurement.
  ///
  /// - Parameter nanoseconds: what one message took.
  /// - Returns: 1 or more.
  func count(ofMessagesTaking nanoseconds: Double) -> Int {
    max(1, Int(Double(sampleTime) / max(nanoseconds, 1)))
  }
}
