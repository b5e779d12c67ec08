/// A parser for /proc/PID/smaps. proc_pid_smaps(5)
package enum SmapsText {
  /// One mapping.
  package struct Mapping: Sendable {
    /// Its line of maps.
    package let map: ProcessMap
    /// The bytes of it that are in RAM (`Rss`).
    package var resident = 0
    /// The bytes of it that are in RAM, each divided by those who map it (`Pss`).
    package var proportional = 0
    /// The bytes of it that are in swap (`Swap`).
    package var swapped = 0
    /// The bytes that are this process's alone: of a private mapping its own copies (`Anonymous`).
    package var copied = 0
    /// The bytes that huge pages map (`ShmemPmdMapped`, `FilePmdMapped`).
    package var huge = 0
    /// The bytes that pages of a pool map (`Shared_Hugetlb`, `Private_Hugetlb`); not in `resident`.
    package var pool = 0
    /// Whether its pages are of a pool (the flag `ht`).
    package var isOfPool = false
    /// Whether it carries the lock (the flag `lo`).
    package var isLocked = false
  }

  /// The mappings, in the order of their addresses.
  ///
  /// - Parameters:
  ///   - text: the contents of the file.
  ///   - isWanted: whether a mapping is of interest. The fields of other mappings are not parsed.
  /// - Returns: the mappings of interest.
  /// - Complexity: linear in the text.
  package static func mappings(
    _ text: [UInt8], where isWanted: (ProcessMap) -> Bool = { _ in true }
  ) -> [Mapping] {
    var mappings: [Mapping] = []
    var isSkipped = true
    for line in ProcText.lines(text) {
      // A field begins with a capital; the line of a mapping with an address in lower case.
      guard let first = line.first, (UInt8(ascii: "A")...UInt8(ascii: "Z")).contains(first) else {
        guard let map = ProcessMap(parsing: line) else { continue }
        isSkipped = !isWanted(map)
        if !isSkipped { mappings.append(Mapping(map: map)) }
        continue
      }
      guard !isSkipped, let field = ProcText.field(line) else { continue }
      let last = mappings.count - 1
      switch field.name {
      case "Rss": mappings[last].resident = ProcText.amount(field.value) ?? 0
      case "Pss": mappings[last].proportional = ProcText.amount(field.value) ?? 0
      case "Swap": mappings[last].swapped = ProcText.amount(field.value) ?? 0
      case "Anonymous": mappings[last].copied = ProcText.amount(field.value) ?? 0
      case "ShmemPmdMapped", "FilePmdMapped":
        mappings[last].huge += ProcText.amount(field.value) ?? 0
      case "Shared_Hugetlb", "Private_Hugetlb":
        mappings[last].pool += ProcText.amount(field.value) ?? 0
      case "VmFlags":
        let flags = ProcText.words(field.value)
        mappings[last].isLocked = flags.contains { $0.elementsEqual("lo".utf8) }
        mappings[last].isOfPool = flags.contains { $0.elementsEqual("ht".utf8) }
      default: break
      }
    }
    return mappings
  }

  /// Whether mappings that all carry the lock cover `wanted` without a gap.
  ///
  /// - Complexity: linear in the text.
  package static func carriesLock(_ text: [UInt8], over wanted: Range<UInt>) -> Bool {
    var covered = UInt64(wanted.lowerBound)
    let end = UInt64(wanted.upperBound)
    for mapping in mappings(text) where mapping.map.addresses.upperBound > covered {
      guard mapping.map.addresses.lowerBound <= covered, mapping.isLocked else { return false }
      covered = mapping.map.addresses.upperBound
      if covered >= end { return true }
    }
    return false
  }
}
