import ShmCore
import ShmInspection

extension InspectReport.Entry {
  /// The text report of a region: properties, page counts, page map and users.
  func text(_ style: TextStyle) -> String {
    var table = Table.properties
    table.rows = header(style) + figures(style)
    return Self.trimmed(table.text(headings: false, limit: style.limit)) + drawing(style)
      + list(style)
      + (users.isEmpty ? "" : "\n" + Self.trimmed(InspectUser.table(users, style)))
  }

  private func header(_ style: TextStyle) -> [[String]] {
    let place = mountPid.value.map { " in the mount namespace of process \($0)" } ?? ""
    let mounted =
      mountPoint.value.map {
        " at \($0.printable)\(place)" + (mountCovered ? ", hidden by another mount" : "")
      } ?? ", not mounted"
    let options =
      mountOptions.value.map { " (\($0.map(\.printable).joined(separator: ",")))" } ?? ""
    return [
      ["region", region.word],
      ["kind", kind + (path.value.map { ", \($0.printable)" } ?? "")],
      [
        "on",
        "\(isMemory ? fileSystem : mountKind.value?.printable ?? fileSystem)\(mounted)\(options), device \(device), inode \(inode)",
      ],
      ["size", Format.size(size, style)],
      [
        "owner",
        owner.value.map { "\($0.printable), mode \(mode.text { $0 })" }
          ?? "unknown, with unknown mode (another IPC namespace)",
      ],
      ["links", "\(links)"],
    ]
      + (segment.value.map {
        [["segment", "id \($0.id), key \($0.key), created by process \($0.creatorPid)"]]
      } ?? []) + [
        ["page size", Format.size(pageSize, style)],
        ["seals", seals.value.map { $0.isEmpty ? "none" : $0.joined(separator: ", ") } ?? "-"],
      ]
  }

  private var isMemory: Bool { fileSystem != MemoryFileSystem.Kind.other.rawValue }

  private func figures(_ style: TextStyle) -> [[String]] {
    func amount(_ bytes: Int) -> String {
      let count = bytes / pageSize
      return style.bytes
        ? "\(bytes)" : "\(ByteCount(bytes)) (\(count) \(count == 1 ? "page" : "pages"))"
    }
    func row(_ name: String, _ bytes: Unknowable<Int>, _ rate: Double?, note: String = "")
      -> [String]
    {
      let change = rate.map { "  \(Format.change($0))" } ?? ""
      return [name, bytes.text(amount) + note + change]
    }
    let rates = rates.value
    var rows = [
      row("allocated", Unknowable(pages.allocated), rates?.allocated),
      row("  resident", pages.resident, rates?.resident.value),
      row("  swapped", pages.swapped, rates?.swapped.value),
      row("  reserved", pages.reserved, rates?.reserved.value),
      row("hole", Unknowable(pages.hole), nil),
      inherentlyUnswappable
        ? ["wired", "never swapped out, wired or not"]
        : row("wired", pages.wired, rates?.wired.value, note: source(amount)),
      row("huge", pages.huge, nil),
    ]
    if !isMemory {
      rows.append(row("dirty", pages.dirty, nil))
    }
    return rows + charges(amount) + [["users", userCount]]
  }

  /// The charged control groups, a line for each.
  private func charges(_ amount: (Int) -> String) -> [[String]] {
    guard let charged = charged.value else {
      let isLarge = PageCharges.mayBeSeen && allocated > PageCharges.quickly
      return [
        [
          "charged to",
          isLarge
            ? "not counted because the region is large; use --charged"
            : ProcessView.user == 0 ? "unknown" : "unknown (requires root)",
        ]
      ]
    }
    var cells = charged.map { "\($0.name): \(amount($0.bytes))" }
    if let rest = chargedUnknown.value, rest > 0 {
      cells.append("unknown: \(amount(rest)), reserved or swapped")
    }
    if cells.isEmpty { cells = ["none"] }
    return cells.enumerated().map { [$0.offset == 0 ? "charged to" : "", $0.element] }
  }

  /// The least number of wired bytes, and the source of the figure.
  private func source(_ amount: (Int) -> String) -> String {
    let isLeast = pages.wired.value == nil && pages.wiredAtLeast > 0
    let least = isLeast ? ", at least \(amount(pages.wiredAtLeast))" : ""
    if pages.wired.value == nil, !isLeast {
      // Without the resident pages, the processes are not what is missing.
      if pages.resident.value == nil { return "" }
      return ", because not all processes could be inspected"
    }
    switch pages.wiredSource {
    case PageMap.WiredSource.frames.rawValue: return least + ", as marked by the kernel"
    case PageMap.WiredSource.mappings.rawValue: return least + ", locked by visible processes"
    default: return least
    }
  }

  private var userCount: String {
    switch use {
    case .unused: "none"
    case .unseen: "none seen"
    case .unknown: "unknown"
    case .used where users.isEmpty: "not visible"
    case .used:
      "\(users.count) \(users.count == 1 ? "process" : "processes")"
        + (usersComplete ? "" : ", and possibly others that could not be inspected")
    }
  }

  private func drawing(_ style: TextStyle) -> String {
    guard let map, !map.runs.isEmpty else { return "" }
    let indent = 12
    let drawing = PageMapDrawing(map, width: style.width - indent)
    let pad = String(repeating: " ", count: indent)
    var text = "page map    \(drawing.scale)\n"
    let lines = drawing.lines(
      label: { offset in
        let label = Format.exactSize(offset, style)
        return String(repeating: " ", count: max(0, indent - 2 - label.count)) + label + "  "
      }, isColoured: style.colour)
    text += lines.map { $0 + "\n" }.joined()
    // The legend is wrapped at the end of a line. Colours have no width.
    var line = pad
    var length = indent
    for (piece, plain) in zip(
      drawing.legend(isColoured: style.colour), drawing.legend(isColoured: false))
    {
      if length > indent, length + plain.count > style.width {
        text += line + "\n"
        (line, length) = (pad, indent)
      }
      line += (length > indent ? "   " : "") + piece
      length += plain.count + 3
    }
    return text + line + "\n"
  }

  private func list(_ style: TextStyle) -> String {
    guard let runs = runs.value else { return "" }
    var table = Table(columns: [
      Table.Column(heading: "  OFFSET", alignsRight: true),
      Table.Column(heading: "LENGTH", alignsRight: true),
      Table.Column(heading: "PAGES", alignsRight: true), Table.Column(heading: "STATE"),
      Table.Column(heading: "FRAMES", fit: .shortened),
    ])
    table.rows = runs.map { run in
      [
        "\(run.offset)", "\(run.length)", "\(run.length / pageSize)", run.words,
        run.frameWords,
      ]
    }
    return "\n" + Self.trimmed(table.text(headings: style.headings, limit: style.limit))
  }

  /// Without blanks at the ends of lines.
  private static func trimmed(_ text: String) -> String {
    text.split(separator: "\n", omittingEmptySubsequences: false).map { line in
      let last = line.utf8.lastIndex { $0 != UInt8(ascii: " ") }
      return line[..<(last.map { line.utf8.index(after: $0) } ?? line.startIndex)]
    }.joined(separator: "\n")
  }
}

extension InspectReport.Run {
  /// The state of the pages in words.
  fileprivate var words: String {
    var words = [state == PageMap.State.onDevice.rawValue ? "on device" : state]
    if isWired.value == true { words.append("wired") }
    if isHuge.value == true { words.append("huge") }
    if isDirty.value == true { words.append("dirty") }
    return words.joined(separator: ", ")
  }

  /// The first of its frames, and how many pieces more there are.
  fileprivate var frameWords: String {
    guard let frames = frames.value, !frames.isEmpty else { return "-" }
    let shown = frames.prefix(3).map { piece in
      let last = piece.frame + UInt64(piece.length / PageMath.pageSize) - 1
      return Format.address(piece.frame) + (last > piece.frame ? "-\(Format.address(last))" : "")
    }
    let more = frames.count > 3 ? ", \(frames.count - 3) more" : ""
    return shown.joined(separator: " ") + more
  }
}
