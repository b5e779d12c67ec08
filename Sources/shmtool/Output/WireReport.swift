import ShmCore
import ShmInspection

/// The wired bytes of the requested ranges.
struct WireReport: Report {
  /// One range of one region.
  struct Row: Encodable {
    let region: RawText
    let offset: Int
    let length: Int
    let wired: Int
    let resident: Int
    /// The bytes that the kernel has marked as locked; null without permission to read the marks, and for huge pages.
    let marked: Unknowable<Int>
    /// Huge pages and the like: never swapped, and not counted as wired by the kernel.
    let inherentlyUnswappable: Bool
    /// Why less was wired than requested; null if all was wired.
    let error: Unknowable<ErrorReport>
    private let failure: ShmError?

    enum CodingKeys: CodingKey {
      case region, offset, length, wired, resident, marked, inherentlyUnswappable, error
    }

    init(
      _ reference: RegionReference, _ report: Mapping.WiringReport, isUnswappable: Bool,
      failure: ShmError?
    ) {
      region = RawText(reference)
      offset = report.covered.lowerBound
      length = report.covered.count
      wired = report.wired
      resident = report.resident
      marked = Unknowable(report.marked)
      inherentlyUnswappable = isUnswappable
      error = Unknowable(failure.map { ErrorReport($0, RawText(reference)) })
      self.failure = failure
    }
  }

  /// A process that maps other pages of the same file, which are not wired.
  struct Diverged: Encodable {
    let pid: Int32
    let command: RawText
    let region: RawText
    let bytes: Int

    init(_ reference: RegionReference, _ user: DivergedUser) {
      pid = user.process
      command = RawText(user.command)
      region = RawText(reference)
      bytes = user.bytes
    }

    var text: String {
      """
        not wired: \(ByteCount(bytes)) of \(region.quoted) in process \(pid) (\(command.printable)), \
      which mapped the file before overlayfs copied it

      """
    }
  }

  let action = "wire"
  /// The process that holds the pages.
  let pid: Int32
  let regions: [Row]
  /// Empty if there are none, or if this user cannot inspect them.
  let notWired: [Diverged]

  enum CodingKeys: CodingKey {
    case action, pid, regions, notWired
  }

  init(holder: Int32, diverged: [(RegionReference, DivergedUser)], regions: [Row]) {
    pid = holder
    self.regions = regions
    notWired = diverged.map { Diverged($0.0, $0.1) }
  }

  func text(_ style: TextStyle) -> String {
    (regions.map(\.text) + notWired.map(\.text)).joined()
  }
}

extension WireReport.Row {
  /// One line, and the reason if less is wired than requested.
  var text: String {
    let amount =
      wired == length
      ? "\(ByteCount(length))" : "\(ByteCount(wired)) of \(ByteCount(length))"
    let checked =
      if inherentlyUnswappable {
        "never swapped out"
      } else {
        "checked: \(ByteCount(resident)) resident"
      }
    let less = failure.map { "\n  only a part was wired: \(Output.sentence($0))" } ?? ""
    return "wired \(amount) of \(region.quoted) at offset \(offset), \(checked)\(less)\n"
  }
}
