import ShmCore

/// Regions that a command holds mapped, until this ends.
struct HeldRegions {
  /// A region with its mapping, in a box: an array holds no values that have one owner.
  private final class Held {
    let region: Region
    var mapping: Mapping
    var wiring: Mapping.WiringReport?

    init(_ region: consuming Region, _ mapping: consuming Mapping) {
      self.region = region
      self.mapping = mapping
    }
  }

  private var held: [Held] = []

  /// Opens a region for as much as the caller may: wired pages of one that may be written are
  /// brought in for writing, so that no hole stays one.
  static func openForWiring(_ reference: RegionReference) throws(ShmError) -> Region {
    do {
      return try Region.open(reference)
    } catch {
      guard error.code == .notPermitted else { throw error }
      return try Region.open(reference, access: .readOnly)
    }
  }

  /// Maps a region and keeps both.
  mutating func add(
    _ region: consuming Region, sharing: Mapping.Sharing, protection: Mapping.Protection,
    at address: UInt?
  ) throws(ShmError) {
    let mapping = try Mapping(
      of: region, sharing: sharing, protection: protection, at: address)
    held.append(Held(region, mapping))
  }

  /// Maps a part of a region, in whole pages, wires it, and keeps both.
  mutating func wire(
    _ region: consuming Region, _ range: Range<Int>,
    progress: (Int) throws(ShmError) -> Void
  ) throws(ShmError) {
    let status = try region.status()
    let pages = PageMath.outward(range, to: status.pageSize)
    let mapping = try Mapping(
      of: region, range: pages.clamped(to: 0..<status.size),
      protection: region.access == .readWrite ? .readWrite : .readOnly)
    let entry = Held(region, mapping)
    entry.wiring = try entry.mapping.wire(progress: progress)
    held.append(entry)
  }

  /// Faults every page in.
  func populate() throws(ShmError) {
    for held in held { try held.mapping.populate() }
  }

  /// The descriptors, in the order of the operands.
  var descriptors: [Int32] { held.map { $0.region.rawDescriptor } }

  /// Where everything is.
  var report: MapReport {
    MapReport(mappings: held.map { MapReport.Row($0.region.reference, $0.mapping) })
  }

  /// What is wired.
  var wiringReport: WireReport {
    WireReport(
      regions: held.compactMap { held in
        held.wiring.map { WireReport.Row(held.region.reference, $0) }
      })
  }
}
