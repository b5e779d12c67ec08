import ShmCopying
import ShmCore
import ShmInspection
import ShmStreams

/// The names that completion offers. Looks only: nothing is opened for writing, locked or connected to.
struct CompletionSource {
  /// What of the value has been typed.
  let typed: [UInt8]
  /// Whether a time would be taken for the value of --watch.
  let isAfterWatch: Bool

  /// What a value of a domain can be.
  func candidates(_ domain: CompletionDomain) -> [CompletionCandidate] {
    switch domain {
    case .region: regions([.posix, .memfd, .file]) + paths()
    case .inspected: regions([.posix, .semaphore, .memfd, .file, .systemV]) + paths()
    case .removed:
      regions([.posix, .semaphore, .file, .systemV]) + streams(besideRegions: true) + paths()
    case .memfd: regions([.memfd])
    case .copyEnd:
      regions([.posix, .memfd, .file], atOffset: true) + paths()
        + [CompletionCandidate("file:", help: "a file", isPartial: true)]
    case .newRegion: paths()
    case .stream: streams(besideRegions: false)
    case .listed:
      regions([.posix, .semaphore, .memfd, .file, .systemV]) + streams(besideRegions: true)
    case .columns: list(columns + [(ColumnList.all, "all columns")], sign: "+", isRepeated: false)
    case .order: list(columns, sign: "-")
    case .kinds: list(ListKind.allCases.map { ($0.rawValue, "") })
    case .seals: list(Seals.allWords.map { ($0, "") })
    case .user: users()
    case .process: processes()
    case .processes: list(processes().map { (String(decoding: $0.value, as: UTF8.self), $0.help) })
    case .pageSize:
      ["2M", "1G", "try", "transparent"].map { CompletionCandidate($0) }
    }
  }

  /// The regions of some kinds, each as the word that names it and nothing else.
  private func regions(
    _ kinds: Set<RegionKind>, atOffset: Bool = false
  ) -> [CompletionCandidate] {
    if typed.starts(with: "file:".utf8) { return [] }
    // Only a look at all processes finds the regions of which the words begin so.
    let isSearched = ["pid:", "sysv:"].contains { prefix in
      typed.starts(with: prefix.utf8) || prefix.utf8.starts(with: typed)
    }
    let posix = { (try? RegionInventory.posixObjects())?.entries ?? [] }
    let entries = isSearched ? (try? RegionInventory.named()) ?? posix() : posix()
    return entries.compactMap { entry in
      guard kinds.contains(entry.kind), !entry.isRemoved || entry.kind == .memfd,
        let reference = entry.reference, let word = word(reference, atOffset: atOffset)
      else { return nil }
      let help = entry.kind == .memfd ? Escaping.printable(entry.name) : entry.kind.rawValue
      return CompletionCandidate(word, help: help)
    }
  }

  /// The word by which a command takes a region; nil if no word reaches it.
  private func word(_ reference: RegionReference, atOffset: Bool) -> [UInt8]? {
    var words = [reference.argument]
    if typed.starts(with: EncodedBytes.prefix.utf8) {
      // A shell that cannot hold or show the bytes of a name is given their encoded form.
      let isEncoded = words[0].starts(with: EncodedBytes.prefix.utf8)
      let encoded = isEncoded ? words[0] : Array(EncodedBytes.text(words[0]).utf8)
      return isTaken(encoded, for: reference, atOffset: atOffset) ? encoded : nil
    }
    if case .posix(let name) = reference {
      // With its slash it cannot be taken for an option, a path or another kind of reference.
      let slashed = [UInt8(ascii: "/")] + name.bytes
      let plain = typed.first == UInt8(ascii: "/") ? [slashed] : [name.bytes, slashed]
      words = plain + (atOffset ? [slashed + Array("@0".utf8)] : []) + words
    }
    return words.first { isTaken($0, for: reference, atOffset: atOffset) }
  }

  /// Whether the command takes the word for this region.
  private func isTaken(
    _ word: [UInt8], for reference: RegionReference, atOffset: Bool
  ) -> Bool {
    let text = ArgumentBytes.string(word)
    if word.first == UInt8(ascii: "-") { return false }
    if isAfterWatch, TimeSpan(argument: text) != nil { return false }
    if atOffset {
      let end = try? CopyEndArgument.parse(text)
      return end == .region(reference, offset: 0)
        || end == reference.path.map { .file($0, offset: nil) }
    }
    guard case .region(reference) = try? InspectOperand.parse(text) else { return false }
    return true
  }

  /// The files and directories that a path can lead to.
  private func paths() -> [CompletionCandidate] {
    let isForced = typed.starts(with: "file:".utf8)
    let path = isForced ? Array(typed.dropFirst(5)) : typed
    let directory = path.lastIndex(of: UInt8(ascii: "/")).map { Array(path[...$0]) }
    guard isForced || directory != nil else { return [] }
    let lead = (isForced ? Array("file:".utf8) : []) + (directory ?? [])
    let beginning = path.dropFirst(directory?.count ?? 0)
    return DirectoryListing.entries(of: directory ?? [], prefix: beginning).compactMap { entry in
      let name = lead + entry.name
      if entry.name.first == UInt8(ascii: "."), beginning.isEmpty { return nil }
      if entry.isDirectory {
        return CompletionCandidate(name + [UInt8(ascii: "/")], help: "directory", isPartial: true)
      }
      // Without `file:`, what has only the first slash names an object and no file.
      guard entry.isRegular, isForced || directory != [UInt8(ascii: "/")] else { return nil }
      return CompletionCandidate(name, help: "file")
    }
  }

  /// The streams that this user sends.
  ///
  /// - Parameter besideRegions: whether a bare name would be taken for a region first.
  /// - Returns: their names, each in a form that the command reads back as that stream.
  private func streams(besideRegions: Bool) -> [CompletionCandidate] {
    StreamInventory.ownNames(in: StreamArguments.directory).map { name in
      let isPlain =
        name.bytes.first != UInt8(ascii: "-")
        && (besideRegions
          ? !FileSystem.exists(name.path)
            && (try? RegionReference(bytes: name.bytes)) == .posix(name)
          : (try? StreamReference.parse(ArgumentBytes.string(name.bytes))) == name)
      return CompletionCandidate(
        isPlain ? name.bytes : StreamReference.argument(name), help: "stream")
    }
  }

  private var columns: [(name: String, help: String)] {
    ListReport.columns.map { ($0.name, $0.help) }
  }

  /// Words of which several are separated by commas: the last one. Blanks can precede a word.
  ///
  /// - Parameters:
  ///   - words: the words.
  ///   - sign: a character that can precede a word; empty without one.
  ///   - isRepeated: whether it can precede each word, and not only the first.
  /// - Returns: each candidate, preceded by the words typed so far.
  private func list(
    _ words: [(name: String, help: String)], sign: String = "", isRepeated: Bool = true
  ) -> [CompletionCandidate] {
    let start = typed.lastIndex(of: UInt8(ascii: ",")).map { $0 + 1 } ?? 0
    let blanks = typed[start...].prefix { $0 == UInt8(ascii: " ") }
    let isSigned =
      !sign.isEmpty && (start == 0 || isRepeated)
      && typed[(start + blanks.count)...].starts(with: sign.utf8)
    let lead = Array(typed[..<(start + blanks.count)]) + (isSigned ? Array(sign.utf8) : [])
    let given = Set(
      typed[..<start].split(separator: UInt8(ascii: ",")).map { word in
        let bare = word.drop { $0 == UInt8(ascii: " ") }
        return Array(bare.starts(with: sign.utf8) ? bare.dropFirst(sign.utf8.count) : bare)
      })
    return words.filter { !given.contains(Array($0.name.utf8)) }
      .map { CompletionCandidate(lead + $0.name.utf8, help: $0.help, isPartial: true) }
  }

  private func users() -> [CompletionCandidate] {
    UserNames.listed.map { CompletionCandidate($0) }
  }

  private func processes() -> [CompletionCandidate] {
    RegionUser.all().map {
      CompletionCandidate("\($0.process)", help: Escaping.printable($0.command))
    }
  }

  /// The programs in the directories of a PATH.
  func programs(_ path: [UInt8]) -> [CompletionCandidate] {
    path.split(separator: UInt8(ascii: ":")).flatMap { directory in
      DirectoryListing.entries(of: Array(directory), prefix: typed).filter(\.isRegular)
        .map { CompletionCandidate($0.name) }
    }
  }
}
