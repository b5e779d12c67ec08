import ShmCore
import ShmInspection

/// The wired bytes of the requested ranges.
struct WireReport: Report {
  /// One range of one region.
  struct Row: Encodable {
    let region: RawText
    let offset: Int
    let bytes: Int
    let wiredBytes: Int
    let residentBytes: Int
    /// The bytes that the kernel has marked as locked; null without permission to read the marks, and for huge pages.
    let markedBytes: Unknowable<Int>
    /// Huge pages and the like: never swapped, and not counted as wired by the kernel.
    let inherentlyUnswappable: Bool
    /// Why less was wired than requested; null if all was wired.
    let failure: Unknowable<String>

    init(
      _ reference: RegionReference, _ report: Mapping.WiringReport, isUnswappable: Bool,
      failure: ShmError?
    ) {
      region = RawText(reference)
      offset = report.covered.lowerBound
      bytes = report.covered.count
      wiredBytes = report.wired
      residentBytes = report.resident
      markedBytes = Unknowable(report.marked)
      inherentlyUnswappable = isUnswappable
      self.failure = Unknowable(failure.map { Output.sentence($0) })
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

  let holder: Int32
  /// Always false; kept because programs read this key.
  let onFault = false
  let regions: [Row]
  /// Also empty without permission to know them.
  let notWired: [Diverged]

  enum CodingKeys: CodingKey {
    case holder, onFault, regions, notWired
  }

  init(holder: Int32, diverged: [(RegionReference, DivergedUser)], regions: [Row]) {
    self.holder = holder
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
      wiredBytes == bytes
      ? "\(ByteCount(bytes))" : "\(ByteCount(wiredBytes)) of \(ByteCount(bytes))"
    let checked =
      if inherentlyUnswappable {
        "never swapped out"
      } else {
        "checked: \(ByteCount(residentBytes)) resident"
      }
    let less = failure.value.map { "\n  not all was wired: \($0)" } ?? ""
    return "wired \(amount) of \(region.quoted) at offset \(offset), \(checked)\(less)\n"
  }
}
