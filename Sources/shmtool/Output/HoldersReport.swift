import ShmCore
import ShmInspection

/// The processes that have pages of regions wired.
struct HoldersReport: Report {
  /// One process and one region.
  struct Row: Encodable {
    let pid: Int32
    let command: RawText
    /// The reference, or the former name of a removed region.
    let region: RawText
    let reference: Unknowable<RawText>
    let removed: Bool
    let wired: Int
    let resident: Int
    /// Huge pages: never swapped, and not counted as wired by the kernel.
    let inherentlyUnswappable: Bool
    let background: Bool

    init(_ holder: WiringHolder) {
      pid = holder.process
      command = RawText(holder.command)
      region = RawText(holder)
      reference = Unknowable(holder.reference.map { RawText($0) })
      removed = holder.reference == nil
      wired = holder.wired
      resident = holder.resident
      inherentlyUnswappable = holder.hasHugePages
      background = holder.isBackground
    }
  }

  let action = "wire"
  let holders: [Row]
  /// How many processes could not be inspected; null if their number is unknown.
  let hiddenProcesses: Unknowable<Int>

  enum CodingKeys: CodingKey {
    case action, holders, hiddenProcesses
  }

  init(_ scan: WiringHolder.Scan, _ holders: [WiringHolder]) {
    self.holders = holders.map { Row($0) }
    hiddenProcesses = Unknowable(scan.hiddenProcesses)
  }

  func text(_ style: TextStyle) -> String {
    if style.isRaw { return RawTable.text(holders.map(\.fields)) }
    var table = Table(columns: [
      Table.Column(heading: "PID", alignsRight: true),
      Table.Column(heading: "COMMAND", fit: .shortened),
      Table.Column(heading: "WIRED", alignsRight: true),
      Table.Column(heading: "RESIDENT", alignsRight: true), Table.Column(heading: "HOLDER"),
      Table.Column(heading: "REGION", fit: .shortened),
    ])
    table.rows = holders.map { row in
      [
        "\(row.pid)", row.command.printable, Format.size(row.wired, style),
        Format.size(row.resident, style), row.background ? "background" : "process",
        row.region.word + (row.removed ? " (removed)" : "")
          + (row.inherentlyUnswappable ? " (huge pages, unswappable)" : ""),
      ]
    }
    let hidden = Self.hidden(hiddenProcesses.value).map { "(\($0))\n" } ?? ""
    return table.text(headings: style.headings, limit: style.limit) + (style.headings ? hidden : "")
  }

  /// The processes that could not be inspected, in words; nil if all could be inspected.
  static func hidden(_ processes: Int?) -> String? {
    switch processes {
    case 0: nil
    case nil: "processes of other users could not be inspected"
    case 1: "1 process with wired memory could not be inspected (permission denied)"
    case let count?:
      "\(count) processes with wired memory could not be inspected (permission denied)"
    }
  }
}

extension HoldersReport.Row {
  /// The fields for scripts.
  fileprivate var fields: [RawField] {
    let notes = (removed ? ["removed"] : []) + (inherentlyUnswappable ? ["unswappable"] : [])
    return [
      RawField("\(pid)"), RawField(command.bytes), RawField("\(wired)"),
      RawField("\(resident)"), RawField(background ? "background" : "process"),
      removed ? .missing : RawField(reference: region), RawField(list: notes, empty: ""),
    ]
  }
}

extension RawText {
  /// The region of a holder as commands take it. If no reference leads to the region, this is its former name.
  init(_ holder: WiringHolder) {
    if let reference = holder.reference {
      self.init(reference)
    } else {
      self.init(RegionPathName.shown(holder.path))
    }
  }
}
