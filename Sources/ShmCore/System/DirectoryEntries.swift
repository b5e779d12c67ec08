/// What getdents64(2) returns. Pure.
package enum DirectoryEntries {
  /// Where a `struct linux_dirent64` has its length, and where its name begins.
  private static let lengthOffset = 16
  private static let nameOffset = 19

  /// Calls `body` with each name that is a number of digits alone.
  ///
  /// - Complexity: linear in the bytes; nothing is copied.
  package static func forEachNumber(in entries: ArraySlice<UInt8>, _ body: (Int32) -> Void) {
    var start = entries.startIndex
    while start + nameOffset < entries.endIndex {
      let length =
        Int(entries[start + lengthOffset]) | Int(entries[start + lengthOffset + 1]) << 8
      guard length > nameOffset, start + length <= entries.endIndex else { return }
      let name = entries[(start + nameOffset)..<(start + length)].prefix { $0 != 0 }
      if let first = name.first, (UInt8(ascii: "0")...UInt8(ascii: "9")).contains(first),
        let number = ProcText.decimal(name).flatMap({ Int32(exactly: $0) })
      {
        body(number)
      }
      start += length
    }
  }
}
