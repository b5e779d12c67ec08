import ShmCore

/// Recognizes the holders of this program by their arguments, because the kernel does not count every holder. For
/// holders of huge pages, and for holders that could not wire any page, it reports 0 wired bytes.
enum HolderArguments {
  /// The processes that have pages wired, and the processes of this program that were started to wire.
  static func scan() throws(ShmError) -> WiringHolder.Scan {
    try WiringHolder.scan(role: role)
  }

  /// The role of a process by its arguments; nil if it is not a holder of this program. For most processes only the
  /// first two words are examined, because a command line can have megabytes.
  static func role(_ text: [UInt8]) -> WiringHolder.Role? {
    guard let end = text.firstIndex(of: 0), isThisProgram(text[..<end]) else { return nil }
    let command = text[(end + 1)...].prefix { $0 != 0 }
    let isWire = command.elementsEqual("wire".utf8)
    guard isWire || command.elementsEqual("create".utf8) else { return nil }
    // The words after `--` are operands, or belong to another command.
    let options = text[command.endIndex...].split(separator: 0)
      .prefix { !$0.elementsEqual("--".utf8) }
    func has(_ option: String) -> Bool { options.contains { $0.elementsEqual(option.utf8) } }
    if isWire { return has(WiringHolder.backgroundMark) ? .background : .foreground }
    return has("--wired") ? .foreground : nil
  }

  /// An error because a region is in use, with advice if one of its users is a background holder, which does not end
  /// without `unwire`.
  static func advising(
    _ error: ShmError, _ region: borrowing Region, _ reference: RegionReference
  ) -> ShmError {
    guard error.kind == .busy, let identity = try? region.status().identity,
      let holders = try? scan().holders,
      holders.contains(where: { $0.isBackground && $0.region == identity })
    else { return error }
    return error.worded(
      remedy:
        "if its background holder is no longer needed, run 'shmtool unwire \(RawText(reference).word)'"
    )
  }

  private static func isThisProgram(_ word: ArraySlice<UInt8>) -> Bool {
    func name(_ path: ArraySlice<UInt8>) -> ArraySlice<UInt8> {
      path.lastIndex(of: UInt8(ascii: "/")).map { path[($0 + 1)...] } ?? path
    }
    let own = ProcessArguments.all.first ?? []
    return name(word).elementsEqual("shmtool".utf8) || name(word).elementsEqual(name(own[...]))
  }
}
