import ShmCopying
import ShmCore

/// A new region.
struct CreateReport: Report {
  let action = "create"
  let region: RawText
  let size: Int
  let seconds: Double
  /// Whether it existed before.
  let existing: Bool
  let sparse: Bool
  let pageSize: Int
  /// Why its pages are ordinary, if huge pages were requested; null otherwise.
  let hugePagesError: Unknowable<ErrorReport>
  /// The bytes on transparent huge pages; null if these were not requested.
  let transparentHuge: Unknowable<Int>
  /// How direct I/O was done; null without direct I/O.
  let direct: Unknowable<DirectRow>
  /// The wired part; null without --wired.
  let wiring: Unknowable<WireReport.Row>
  /// Who owns it.
  let ownerId: UInt32
  private let hugePagesRefusal: String?
  private let nanoseconds: Int

  enum CodingKeys: CodingKey {
    case action, region, size, seconds, existing, sparse, pageSize, hugePagesError
    case transparentHuge, direct, wiring, ownerId
  }

  /// - Parameters:
  ///   - reference: its name.
  ///   - status: its status.
  ///   - isNew: whether it was created now.
  ///   - sparse: whether no memory was reserved.
  ///   - refusal: why its pages are not huge, if huge pages were requested.
  ///   - collapsed: the bytes on transparent huge pages, if these were requested.
  ///   - direct: how direct I/O was done.
  ///   - wired: the wired part.
  ///   - nanoseconds: the duration.
  init(
    _ reference: RegionReference, _ status: RegionStatus, isNew: Bool, sparse: Bool,
    refusal: ShmError?, collapsed: Int?, direct: DirectIO.Method?, wired: WireReport.Row?,
    nanoseconds: Int
  ) {
    region = RawText(reference)
    size = status.size
    seconds = Double(nanoseconds) / 1e9
    existing = !isNew
    self.sparse = sparse
    pageSize = status.pageSize
    hugePagesError = Unknowable(refusal.map { ErrorReport($0, RawText(reference)) })
    hugePagesRefusal = refusal.map { Output.sentence($0) }
    transparentHuge = Unknowable(collapsed)
    self.direct = Unknowable(direct.map { DirectRow($0, copied: status.size) })
    wiring = Unknowable(wired)
    ownerId = status.owner
    self.nanoseconds = nanoseconds
  }

  func text(_ style: TextStyle) -> String {
    let what = existing ? "opened existing" : sparse ? "created sparse" : "created"
    let isOrdinary = pageSize == PageMath.pageSize && hugePagesRefusal == nil
    let pages = isOrdinary ? "" : " of \(ByteCount(pageSize)) pages"
    // An existing or sparse region has no rate: no memory was reserved.
    let time = Format.duration(of: existing || sparse ? 0 : size, nanoseconds)
    let huge =
      transparentHuge.value.map { ", \(ByteCount($0)) on transparent huge pages" } ?? ""
    let way = direct.value.map { ", \($0.text)" } ?? ""
    let refused = hugePagesRefusal.map { "  with ordinary pages: \($0)\n" } ?? ""
    let owner = ownerId == ProcessView.user ? "" : ", which belongs to \(Format.user(ownerId))"
    return
      "\(what) \(region.quoted): \(ByteCount(size))\(pages), in \(time)\(huge)\(way)\(owner)\n"
      + refused
      + (wiring.value?.text ?? "")
  }
}
