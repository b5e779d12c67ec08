import ShmCore
import ShmStreams

/// The report of one end of a stream.
struct TransferReport: Report {
  /// The name of the stream.
  let stream: RawText
  /// The reference of the stream: `stream:` and the name.
  let reference: RawText
  /// `send` or `recv`.
  let action: String
  let length: Int
  let seconds: Double
  let bytesPerSecond: Int
  let receivers: Int
  /// How often this end has waited for the other, and woken it.
  let waits: Int
  let wakes: Int
  let contextSwitches: Int
  /// System calls of the transfer for each GiB; null if nothing was transferred.
  let crossingsPerGib: Unknowable<Int>
  let checksum: Unknowable<String>
  /// Whether the written file was brought onto its device; null without a file, or for a file in memory.
  let synced: Unknowable<Bool>
  /// Whether the far end of a framed stream has acknowledged it; null if it cannot.
  let acknowledged: Unknowable<Bool>
  private let nanoseconds: Int

  enum CodingKeys: CodingKey {
    case stream, reference, action, length, seconds, bytesPerSecond, receivers, waits, wakes,
      contextSwitches
    case crossingsPerGib, checksum, synced, acknowledged
  }

  init(
    _ stream: RegionName, _ action: String, receivers: Int, _ report: StreamReport,
    isSynchronized: Bool? = nil, isAcknowledged: Bool? = nil
  ) {
    acknowledged = Unknowable(isAcknowledged)
    synced = Unknowable(isSynchronized)
    self.stream = RawText(stream.bytes)
    reference = RawText(StreamReference.argument(stream))
    self.action = action
    self.receivers = receivers
    length = report.bytes
    nanoseconds = report.duration.wholeNanoseconds
    seconds = Double(nanoseconds) / 1e9
    bytesPerSecond = nanoseconds > 0 ? Int(Double(length) / seconds) : 0
    waits = report.waits
    wakes = report.wakes
    contextSwitches = ProcessResources.contextSwitches
    crossingsPerGib = Unknowable(
      length > 0 ? Int((Double(report.crossings) * 1_073_741_824 / Double(length)).rounded()) : nil)
    checksum = Unknowable(report.checksum.map { "crc32c:" + Format.hexadecimal($0) })
  }

  func text(_ style: TextStyle) -> String {
    let what =
      action == "send"
      ? "sent \(ByteCount(length)) to \(receivers) \(receivers == 1 ? "receiver" : "receivers")"
      : "received \(ByteCount(length))"
    let sum = checksum.value.map { ", \($0)" } ?? ""
    return """
      \(what) of \(stream.quoted), in \
      \(Format.duration(of: length, nanoseconds))\(sum)\(Format.synchronization(synced.value))\
      \(acknowledged.value == true ? ", acknowledged" : "")

      """
  }
}
