import ShmCore

/// Who has pages of regions wired.
struct HoldersReport: Report {
  /// One process and one region.
  struct Row: Encodable {
    let pid: Int32
    let command: String
    let region: String
    let wiredBytes: Int
    let residentBytes: Int
    let background: Bool

    init(_ holder: WiringHolder) {
      pid = holder.process
      command = Escaping.printable(holder.command)
      region = Escaping.printable(holder.path)
      wiredBytes = holder.wired
      residentBytes = holder.resident
      background = holder.isBackground
    }
  }

  let holders: [Row]
  let hiddenProcesses: Int

  init(_ holders: [WiringHolder], hiddenProcesses: Int) {
    self.holders = holders.map { Row($0) }
    self.hiddenProcesses = hiddenProcesses
  }

  func text(_ style: TextStyle) -> String {
    var table = Table(columns: [
      Table.Column(heading: "PID", alignsRight: true), Table.Column(heading: "COMMAND"),
      Table.Column(heading: "WIRED", alignsRight: true),
      Table.Column(heading: "RESIDENT", alignsRight: true), Table.Column(heading: "HOLDER"),
      Table.Column(heading: "REGION"),
    ])
    table.rows = holders.map { row in
      [
        "\(row.pid)", row.command, Format.size(row.wiredBytes, style),
        Format.size(row.residentBytes, style), row.background ? "background" : "process",
        row.region,
      ]
    }
    let hidden =
      hiddenProcesses == 0
      ? "" : "(\(hiddenProcesses) processes with wired memory cannot be seen from here)\n"
    return table.text(headings: style.headings) + hidden
  }
}
