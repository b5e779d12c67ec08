import ShmCore

/// An operand of `list` that names no region.
struct ListFailure {
  let operand: ListOperand
  let error: ShmError
}

/// A row that operands can name.
protocol NamedRow {
  /// The references that lead to it.
  var references: [[UInt8]] { get }
  /// The displayed name, which is not unique.
  var names: [[UInt8]] { get }
  var identity: RegionIdentity { get }
}

/// The rows that the operands of `list` name: all rows without operands, otherwise the rows of any operand.
///
/// An operand is the reference of a region, or the name of regions. Otherwise a pattern selects the rows whose name or
/// reference matches. Any other operand selects the region that it leads to by another reference.
struct ListChoice<Row: NamedRow> {
  private(set) var rows: [Row] = []
  /// The operands without a row.
  private(set) var failures: [ListFailure] = []

  /// - Parameters:
  ///   - operands: what the user named.
  ///   - all: the rows of all regions.
  ///   - identity: finds the region that a reference leads to.
  /// - Complexity: linear in the rows times the patterns.
  init(
    _ operands: [ListOperand], among all: [Row],
    identity: (RegionReference) throws(ShmError) -> RegionIdentity = RegionIdentity.of
  ) {
    guard !operands.isEmpty else {
      rows = all
      return
    }
    let words = Set(operands.map(\.bytes))
    var isChosen = all.map { _ in false }
    var found: Set<[UInt8]> = []
    for facet in [\Row.references, \Row.names] {
      let missing = words.subtracting(found)
      if missing.isEmpty { break }
      for (index, row) in all.enumerated() {
        let hits = row[keyPath: facet].filter { missing.contains($0) }
        if hits.isEmpty { continue }
        isChosen[index] = true
        found.formUnion(hits)
      }
    }
    let patterns = Set(operands.filter { $0.isPattern && !found.contains($0.bytes) })
    if !patterns.isEmpty {
      for (index, row) in all.enumerated() where !isChosen[index] {
        isChosen[index] = (row.references + row.names).contains { name in
          patterns.contains { NamePattern.matches(name, $0.bytes) }
        }
      }
    }
    for operand in operands where !operand.isPattern && !found.contains(operand.bytes) {
      do throws(ShmError) {
        let wanted = try Self.region(operand, identity)
        let places = all.indices.filter { all[$0].identity == wanted }
        if places.isEmpty {
          throw ShmError(
            .notSharedMemory, "cannot list \(Escaping.quoted(operand.bytes))", "not shared memory")
        }
        for place in places { isChosen[place] = true }
      } catch {
        failures.append(ListFailure(operand: operand, error: error))
      }
    }
    rows = zip(all, isChosen).filter(\.1).map(\.0)
  }

  private static func region(
    _ operand: ListOperand, _ identity: (RegionReference) throws(ShmError) -> RegionIdentity
  ) throws(ShmError) -> RegionIdentity {
    let attempt = "cannot list \(Escaping.quoted(operand.bytes))"
    if operand.bytes.starts(with: RegionReference.streamPrefix.utf8) {
      throw ShmError(.notFound, attempt, "no such stream")
    }
    let reference = try RegionReference(bytes: operand.bytes)
    if case .systemV = reference {
      throw ShmError(.notFound, attempt, "no such segment", remedy: .listRegions)
    }
    do throws(ShmError) {
      return try identity(reference)
    } catch {
      guard error.kind == .notFound else { throw error }
      throw ShmError(.notFound, attempt, "no such region", remedy: .listRegions)
    }
  }
}

extension RegionIdentity {
  /// The region that a reference leads to, which is opened for its status alone.
  static func of(_ reference: RegionReference) throws(ShmError) -> RegionIdentity {
    try Region.open(reference, access: .status).status().identity
  }
}

extension ListReport.Row: NamedRow {
  var identity: RegionIdentity { RegionIdentity(device: device, inode: inode) }

  /// The reference without its encoding, and the other ways to write the name of a file in /dev/shm.
  var references: [[UInt8]] {
    guard let reference = reference.value?.bytes else { return [] }
    let references = [(try? RegionReference.decoded(reference)) ?? reference]
    let isNamed = kind == RegionKind.posix.rawValue || kind == RegionKind.semaphore.rawValue
    guard isNamed, !removed, let name = name.value?.bytes else { return references }
    return references + ["/", "\(RegionName.directory)/"].map { Array($0.utf8) + name }
  }

  var names: [[UInt8]] { [region.bytes, name.value?.bytes ?? []] }
}
