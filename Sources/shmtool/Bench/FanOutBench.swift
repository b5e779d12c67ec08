import Glibc
import ShmCore

/// Bytes from one process to several: one stream, or a pipe for each receiver.
struct FanOutBench {
  let plan: BenchPlan
  let interrupt: CInt
  let progress: BenchProgress

  static func steps(_ plan: BenchPlan) -> Int { plan.receivers.count * (plan.rounds + 1) }

  /// A method with its receivers, ready to be measured.
  private final class Session {
    let method: BenchMethod
    private let ends: [any BenchEnd]
    private let channels: [BenchChannel]
    private let peers: [BenchPeer]

    init(
      _ method: BenchMethod, receivers: Int, _ source: borrowing BenchSource, interrupt: CInt
    ) throws(ShmError) {
      self.method = method
      let directory = try BenchDirectory()
      let part = BenchPart(
        method, .receiver, largest: source.mapping.count, meetingIn: directory)
      var channels: [BenchChannel] = []
      var peers: [BenchPeer] = []
      for _ in 0..<receivers {
        let channel = try BenchChannel(for: method, largest: source.mapping.count)
        let peer = try BenchPeer(part, source, over: channel)
        _ = try peer.control.waitForReady()
        channels.append(channel)
        peers.append(peer)
      }
      let sender = part.with(.sender)
      var ends: [any BenchEnd] = []
      if method.waiting != nil {
        ends = [try BenchLink.end(sender, [], receivers: receivers, interrupt: interrupt)]
      } else {
        for channel in channels {
          ends.append(try BenchLink.end(sender, channel.own.compactMap { $0.number }))
        }
      }
      (self.channels, self.peers, self.ends) = (channels, peers, ends)
    }

    /// Sends pieces to all receivers, and waits until every receiver has read every byte.
    func measure(
      count: Int, _ source: borrowing BenchSource
    ) throws(ShmError) -> TransferSession.Sample {
      let size = source.mapping.count
      let calls = ends.reduce(0) { $0 + $1.systemCalls }
      let before = BenchUsage.current
      let start = Clock.nanoseconds
      for peer in peers { try peer.control.send(.receive, size: size, count: count) }
      let expected = try unsafe source.withMessage(size) { (message) throws(ShmError) in
        for _ in 0..<count {
          for end in ends { try unsafe end.send(message, count: 1) }
        }
        return unsafe BenchSum.of(message) &* UInt64(count)
      }
      var usage = BenchUsage()
      var others = 0
      for peer in peers {
        let answer = try peer.control.answer()
        guard answer.sum == expected else {
          throw ShmError(
            .damaged, BenchCall.attempt,
            "other bytes than those sent arrived by \(method.rawValue)")
        }
        usage = usage + answer.usage
        others += answer.systemCalls
      }
      let nanoseconds = Clock.nanoseconds - start
      return TransferSession.Sample(
        nanoseconds: nanoseconds, bytes: size * count * peers.count,
        usage: usage + (BenchUsage.current - before),
        systemCalls: others + ends.reduce(0) { $0 + $1.systemCalls } - calls)
    }
  }

  func run() throws(ShmError) -> BenchResult {
    var result = BenchResult()
    let source = try BenchSource(size: BenchPlan.piece)
    for receivers in plan.receivers {
      var sessions: [Session] = []
      for method in BenchMethod.fanOuts {
        do throws(ShmError) {
          sessions.append(
            try Session(method, receivers: receivers, source, interrupt: interrupt))
        } catch {
          try result.skip(.fanOut, method, because: error)
        }
      }
      result.series += try measure(receivers, sessions, source)
    }
    return result
  }

  private func measure(
    _ receivers: Int, _ sessions: [Session], _ source: borrowing BenchSource
  ) throws(ShmError) -> [BenchSeries] {
    var counts: [Int] = []
    for session in sessions {
      let first = try session.measure(count: 64, source)
      counts.append(plan.count(ofMessagesTaking: Double(first.nanoseconds) / 64))
    }
    try progress.step()
    let core = CoreLatency()
    var samples = [[Double]](repeating: [], count: sessions.count)
    var latencies = [[Double?]](repeating: [], count: sessions.count)
    for _ in 0..<plan.rounds {
      for (index, session) in sessions.enumerated() {
        let (sample, latency) = try core.around { () throws(ShmError) in
          try session.measure(count: counts[index], source)
        }
        samples[index].append(sample.bytesPerSecond)
        latencies[index].append(latency)
      }
      try progress.step()
    }
    return sessions.indices.map { index in
      var series = BenchSeries(
        .fanOut, sessions[index].method, size: BenchPlan.piece, receivers: receivers,
        unit: .bytesPerSecond, samples: samples[index])
      series.coreLatencies = core.series(latencies[index])
      return series
    }
  }
}
