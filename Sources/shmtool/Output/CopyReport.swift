import ShmCopying
import ShmCore

/// The result of a copy, complete or not.
struct CopyReport: Report {
  let action = "copy"
  let from: RawText
  let to: RawText
  /// How many bytes were copied, exactly, even if the copy failed.
  let length: Int
  /// The requested number of bytes; null for the whole of a stream.
  let requestedLength: Unknowable<Int>
  let complete: Bool
  /// The reason if it is incomplete; null otherwise.
  let error: Unknowable<ErrorReport>
  /// Whether both ends were found equal afterwards; null without --verify.
  let equal: Unknowable<Bool>
  let firstDifference: Unknowable<Int>
  let differing: Unknowable<Int>
  /// How direct I/O was done; null without direct I/O.
  let direct: Unknowable<DirectRow>
  /// Whether the written bytes were brought onto the medium of a file or a device; null without a medium.
  let synced: Unknowable<Bool>
  let seconds: Double
  let bytesPerSecond: Int
  private let nanoseconds: Int

  enum CodingKeys: CodingKey {
    case action, from, to, length, requestedLength, complete, error, equal, firstDifference,
      differing
    case direct, synced, seconds, bytesPerSecond
  }

  /// - Parameters:
  ///   - copy: the copy.
  ///   - failure: the error that stopped it.
  ///   - isVerified: whether both ends were compared afterwards.
  ///   - difference: the first difference, and how many bytes differ.
  ///   - nanoseconds: how long the copy took.
  init(
    _ copy: BlockCopy, failure: ShmError? = nil, isVerified: Bool = false,
    difference: Difference? = nil, nanoseconds: Int
  ) {
    from = RawText(argument: copy.from.argument)
    to = RawText(argument: copy.to.argument)
    length = copy.copied
    requestedLength = Unknowable(copy.length)
    complete = failure == nil
    error = Unknowable(failure.map { ErrorReport($0) })
    equal = Unknowable(isVerified ? difference == nil : nil)
    firstDifference = Unknowable(difference?.first)
    differing = Unknowable(isVerified ? difference?.count ?? 0 : nil)
    direct = Unknowable(copy.method.map { DirectRow($0, copied: copy.copied) })
    synced = Unknowable(copy.isSynchronized)
    seconds = Double(nanoseconds) / 1e9
    bytesPerSecond = nanoseconds > 0 ? Int(Double(length) / (Double(nanoseconds) / 1e9)) : 0
    self.nanoseconds = nanoseconds
  }

  /// The ends differ after the copy.
  var difference: ReportedFailure {
    ReportedFailure(
      report: ErrorReport(
        .checkFailed, text(TextStyle()).split(separator: "\n").joined(separator: " ")))
  }

  func text(_ style: TextStyle) -> String {
    if let first = firstDifference.value {
      return """
        \(to.quoted) differs from \(from.quoted): first at byte \(first) of the copy, \(differing.value ?? 0) of \
        \(length) bytes differ; one of them was changed after the copy

        """
    }
    let checked = equal.value == true ? ", verified" : ""
    let way = direct.value.map { ", \($0.text)" } ?? ""
    return """
      copied \(ByteCount(length)) from \(from.quoted) to \(to.quoted)\(checked), in \
      \(Format.duration(of: length, nanoseconds))\(way)\(Format.synchronization(synced.value))

      """
  }
}
