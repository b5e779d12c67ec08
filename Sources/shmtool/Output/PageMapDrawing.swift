import ShmCore
import ShmInspection

/// A drawing of a region's pages with one mark for a number of pages, so that the whole region fits a few lines.
struct PageMapDrawing {
  /// The kinds of marks by priority: a mark shows the first kind that any of its pages has.
  enum Kind: Int, CaseIterable {
    case swapped, wired, dirty, huge, resident, reserved, onDevice, unknown, hole

    /// The mark for all pages in this state, and for only some of them.
    var marks: (all: Character, some: Character) {
      switch self {
      case .swapped: ("S", "s")
      case .wired: ("W", "w")
      case .dirty: ("D", "d")
      case .huge: ("H", "h")
      case .resident: ("R", "r")
      case .reserved: ("=", "-")
      case .onDevice: ("O", "o")
      case .unknown: ("?", "?")
      case .hole: (".", ".")
      }
    }

    var word: String {
      switch self {
      case .swapped: "swapped"
      case .wired: "wired"
      case .dirty: "dirty"
      case .huge: "huge pages"
      case .resident: "resident"
      case .reserved: "reserved, never written"
      case .onDevice: "on the device"
      case .unknown: "unknown"
      case .hole: "hole"
      }
    }

    /// The SGR parameters of its colour. ECMA-48
    fileprivate var colour: String {
      switch self {
      case .swapped: "31"
      case .wired: "1;32"
      case .dirty: "33"
      case .huge: "36"
      case .resident: "32"
      case .reserved: "34"
      case .onDevice: "35"
      case .unknown: "1;35"
      case .hole: "2"
      }
    }

    init(_ run: PageMap.Run) {
      switch run.state {
      case .hole: self = .hole
      case .reserved: self = .reserved
      case .swapped: self = .swapped
      case .onDevice: self = .onDevice
      case .unknown: self = run.isWired == true ? .wired : .unknown
      case .resident:
        self =
          run.isWired == true
          ? .wired : run.isDirty == true ? .dirty : run.isHuge == true ? .huge : .resident
      }
    }
  }

  /// The kinds that are found among the pages of one mark.
  private struct Mark: Equatable {
    private var bits: UInt16 = 0

    mutating func add(_ kind: Kind) { bits |= 1 << kind.rawValue }

    var kind: Kind { Kind(rawValue: bits.trailingZeroBitCount) ?? .hole }
    /// Whether not every page is of that kind.
    var isMixed: Bool { bits.nonzeroBitCount > 1 }
    var character: Character { isMixed ? kind.marks.some : kind.marks.all }
  }

  private static let mostRows = 8
  private let marks: [Mark]
  /// The bytes that one mark stands for.
  private let step: Int
  private let columns: Int
  private let pageSize: Int

  /// - Parameters:
  ///   - map: the pages.
  ///   - width: how many columns there are for the marks.
  init(_ map: PageMap, width: Int) {
    // With groups of 32 marks, and a power of two of pages for each mark, the offsets are round numbers.
    columns = width >= 32 ? width / 32 * 32 : max(8, width)
    pageSize = map.pageSize
    let pages = (map.runs.last?.range.upperBound ?? 0) / pageSize
    var pagesOfMark = 1
    while PageMath.pages(pages, of: pagesOfMark) > columns * Self.mostRows { pagesOfMark *= 2 }
    step = pagesOfMark * pageSize
    var marks = [Mark](repeating: Mark(), count: PageMath.pages(pages, of: pagesOfMark))
    for run in map.runs {
      let kind = Kind(run)
      for index in run.range.lowerBound / step...(run.range.upperBound - 1) / step {
        marks[index].add(kind)
      }
    }
    self.marks = marks
  }

  /// The lines, and a legend of the marks that are in them.
  ///
  /// - Parameters:
  ///   - label: the label of a line, for its first offset.
  ///   - isColoured: whether the marks are coloured.
  /// - Returns: the lines, without their ends.
  func lines(label: (Int) -> String, isColoured: Bool) -> [String] {
    var lines: [String] = []
    for start in stride(from: 0, to: marks.count, by: columns) {
      let row = marks[start..<min(start + columns, marks.count)]
      lines.append(label(start * step) + Self.text(row, isColoured))
    }
    return lines
  }

  /// The bytes of one mark in words.
  var scale: String {
    let pages = step / pageSize
    return "a mark is \(pages == 1 ? "one page" : "\(pages) pages"), \(ByteCount(step).exact)"
  }

  /// The legend of the drawn marks, each as one piece.
  func legend(isColoured: Bool) -> [String] {
    var pieces = Kind.allCases.filter { kind in marks.contains { $0.kind == kind } }.map { kind in
      let isWhole = marks.contains { $0.kind == kind && !$0.isMixed }
      let mark = isWhole ? kind.marks.all : kind.marks.some
      return Self.coloured("\(mark)", kind, isColoured) + " \(kind.word)"
    }
    if marks.contains(where: { $0.isMixed && $0.kind != .unknown }) {
      pieces.append("lower-case letters and -: only some of these pages")
    }
    return pieces
  }

  private static func text(_ row: ArraySlice<Mark>, _ isColoured: Bool) -> String {
    var text = ""
    // One change of colour for each run of marks.
    for group in row.split(by: { $0.kind == $1.kind }) {
      guard let kind = group.first?.kind else { continue }
      text += coloured(String(group.map(\.character)), kind, isColoured)
    }
    return text
  }

  private static func coloured(_ text: String, _ kind: Kind, _ isColoured: Bool) -> String {
    isColoured ? "\u{1B}[\(kind.colour)m\(text)\u{1B}[0m" : text
  }
}

extension ArraySlice {
  /// Splits the elements into the longest runs in which each element belongs to its neighbour.
  fileprivate func split(by belong: (Element, Element) -> Bool) -> [ArraySlice<Element>] {
    var pieces: [ArraySlice<Element>] = []
    var start = startIndex
    for index in indices.dropFirst() where !belong(self[index - 1], self[index]) {
      pieces.append(self[start..<index])
      start = index
    }
    if start < endIndex { pieces.append(self[start...]) }
    return pieces
  }
}
