import ShmCore
import ShmInspection

/// What became of the pages of a region after an advice.
struct AdviseReport: Report {
  /// Bytes by the state of their pages; null if unknown.
  struct Pages: Encodable {
    let resident: Unknowable<Int>
    let swapped: Unknowable<Int>

    init(_ pages: PageAdvice.Pages) {
      resident = Unknowable(pages.resident)
      swapped = Unknowable(pages.swapped)
    }

    func text(_ style: TextStyle) -> String {
      func size(_ value: Unknowable<Int>) -> String { value.text { Format.size($0, style) } }
      return "\(size(resident)) resident, \(size(swapped)) swapped"
    }
  }

  let action = "advise"
  let region: RawText
  let advice: String
  let offset: Int
  let length: Int
  let before: Pages
  let after: Pages
  private let reason: String?

  enum CodingKeys: CodingKey {
    case action, region, advice, offset, length, before, after
  }

  init(
    _ reference: RegionReference, _ word: AdviceWord, _ done: PageAdvice,
    _ memory: MemoryInformation?
  ) {
    region = RawText(reference)
    advice = word.rawValue
    offset = done.range.lowerBound
    length = done.range.count
    before = Pages(done.before)
    after = Pages(done.after)
    let stayed = word == .pageout && done.after.resident ?? 0 > 0
    reason =
      !stayed
      ? nil
      : memory?.swapFree == 0
        ? "no swap space is free"
        : "wired pages and pages mapped by other processes stay resident"
  }

  func text(_ style: TextStyle) -> String {
    """
    advised '\(advice)' for \(Format.size(length, style)) of \(region.quoted) at offset \(offset): \
    before \(before.text(style)); now \(after.text(style))\(reason.map { " (\($0))" } ?? "")

    """
  }
}
