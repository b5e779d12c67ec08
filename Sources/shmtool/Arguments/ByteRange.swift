import ShmCore

/// A range as a user writes it: `4M+1M` is 1 MiB from 4 MiB on, `64M:` from 64 MiB to the end,
/// `4M:8M` from one offset to another.
struct ByteRange: ArgumentWord, Hashable {
  static let form =
    "expected a non-empty range such as 4M+1M (offset and length), 4M:8M or 64M: (to the end)"

  let offset: Int
  /// Where it ends; nil for the end of the region.
  let end: Int?

  init(offset: Int, end: Int?) {
    self.offset = offset
    self.end = end
  }

  init?(argument: String) {
    let separators: [Character] = ["+", ":"]
    guard let middle = argument.firstIndex(where: { separators.contains($0) }),
      let offset = ByteSize(argument: String(argument[..<middle]))?.bytes
    else { return nil }
    let rest = String(argument[argument.index(after: middle)...])
    self.offset = offset
    if rest.isEmpty, argument[middle] == ":" {
      end = nil
      return
    }
    guard let second = ByteSize(argument: rest)?.bytes else { return nil }
    let (sum, overflow) = offset.addingReportingOverflow(second)
    let end = argument[middle] == "+" ? sum : second
    guard !(overflow && argument[middle] == "+"), end > offset else { return nil }
    self.end = end
  }

  /// The range of a region of `size` bytes; nothing is rounded.
  func resolved(
    ofSize size: Int, _ attempt: @autoclosure () -> String
  ) throws(ShmError) -> Range<Int> {
    let end = self.end ?? size
    if size == 0, offset == 0, self.end == nil {
      throw ShmError(.doesNotFit, attempt(), "it is empty")
    }
    guard offset < size, end <= size else {
      throw ShmError(
        .doesNotFit, attempt(),
        """
        \(self.end == nil ? "offset \(offset)" : "the range from \(offset) to \(end)") is beyond \
        the end of the region (\(size) bytes)
        """)
    }
    return offset..<end
  }
}
