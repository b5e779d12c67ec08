import Glibc
import ShmCore

/// Completion of command lines: the script of each shell hands over what has been typed, and gets back
/// words. No shell evaluates, splits or globs what comes from here.
enum Completion {
  /// How the scripts call this program. Three dashes begin no option.
  private static let mark = Array("---complete".utf8)

  /// Answers a script; nil if no script asks. What cannot be found out is no error: there is nothing
  /// to offer then.
  static func answer(_ arguments: [[UInt8]]) -> [UInt8]? {
    guard arguments.count > 3, arguments[1] == mark,
      let shell = CompletionShell(rawValue: String(decoding: arguments[2], as: UTF8.self))
    else { return nil }
    let line = arguments[3]
    let words = ShellSyntax(line, shell: shell).words
    let completions = Completer(words).completions()
    switch shell {
    case .bash:
      guard arguments.count > 5, let current = words.last else { return [] }
      let answer = BashAnswer(
        line: line, current: current, wordBreaks: arguments[4], readline: arguments[5])
      return Array(answer.text(completions).utf8)
    case .zsh: return ZshAnswer.bytes(completions, in: words.last?.quote ?? .none)
    case .fish: return FishAnswer.bytes(completions)
    }
  }

  /// Writes an answer. A failure cannot be reported to the shell.
  static func write(_ answer: [UInt8]) {
    var bytes = answer
    unsafe bytes.withUnsafeMutableBytes { buffer in
      try? unsafe DescriptorIO.writeAll(STDOUT_FILENO, UnsafeRawBufferPointer(buffer), "")
    }
  }
}

/// The answer to zsh: records that end with NUL. The first says how to go on, the others are a word, with
/// a sign before it that says whether a blank may follow, and how the list shows it.
enum ZshAnswer {
  /// - Parameters:
  ///   - completions: what can be offered.
  ///   - quote: the quotation that the word has open. Inside one zsh does not quote bytes that are not UTF-8
  ///     so that they stay the same: such words are not offered there.
  /// - Returns: the records.
  static func bytes(_ completions: Completions, in quote: OpenQuote) -> [UInt8] {
    guard case .candidates(let candidates) = completions else { return Array("files\0".utf8) }
    return candidates.reduce(into: Array("words\0".utf8)) { answer, candidate in
      if quote != .none, String(validating: candidate.value, as: UTF8.self) == nil { return }
      let help = candidate.help.isEmpty ? "" : "  -- \(Escaping.printable(candidate.help))"
      answer += [UInt8(ascii: candidate.isPartial ? "+" : " ")] + candidate.value + [0]
      answer += Array((Escaping.printable(candidate.value) + help).utf8) + [0]
    }
  }
}

/// The answer to fish: records that end with NUL. The first says how to go on, the others are a word and
/// after a tab what it is.
enum FishAnswer {
  static func bytes(_ completions: Completions) -> [UInt8] {
    guard case .candidates(let candidates) = completions else { return Array("files\0".utf8) }
    return candidates.reduce(into: Array("words\0".utf8)) { answer, candidate in
      // A tab ends the word, and invisible characters would stand in the list as they are.
      guard ShellQuoting.printable(candidate.value.filter { $0 >= 0x20 && $0 != 0x7F }) != nil,
        !candidate.value.contains(UInt8(ascii: "\t"))
      else { return }
      answer += candidate.value
      answer += Array("\t\(Escaping.printable(candidate.help))\0".utf8)
    }
  }
}
