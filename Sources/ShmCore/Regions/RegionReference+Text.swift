extension RegionReference {
  /// The reference as a command takes it: read again, it means the same region, whatever the name holds.
  ///
  /// A POSIX name that would be read as something else begins with a slash, a path with `file:`. What
  /// even then could be taken for an option, or for a name and an offset, is percent-encoded.
  package var argument: [UInt8] {
    let forms = forms
    let plain = forms.first { form in
      Self.isUnmistakable(form) && (try? RegionReference(bytes: form)) == self
    }
    return plain ?? Array(EncodedBytes.text(forms.last ?? []).utf8)
  }

  /// `argument` as text that JSON can hold: percent-encoded if it is not UTF-8.
  public var text: String {
    let argument = argument
    return String(validating: argument, as: UTF8.self) ?? EncodedBytes.text(argument)
  }

  /// The ways to write it, the most explicit last.
  private var forms: [[UInt8]] {
    switch self {
    case .posix(let name): [name.bytes, [UInt8(ascii: "/")] + name.bytes]
    case .file(let path): [path.bytes, Array("file:".utf8) + path.bytes]
    case .descriptor(let process, let number): [Array("pid:\(process):\(number)".utf8)]
    case .systemV(let identifier): [Array("sysv:\(identifier)".utf8)]
    }
  }

  /// Whether nothing that takes a reference takes it for an option, or a part of it for an offset or an
  /// address, which follow the last `@` and begin with a digit.
  private static func isUnmistakable(_ text: [UInt8]) -> Bool {
    if text.first == UInt8(ascii: "-") { return false }
    guard let mark = text.lastIndex(of: UInt8(ascii: "@")) else { return true }
    return !(text[(mark + 1)...].first.map { (0x30...0x39).contains($0) } ?? false)
  }
}

extension RegionReference: CustomStringConvertible {
  /// The argument as a word of a shell, safe for a terminal.
  public var description: String { Escaping.word(argument) }

  /// The same, always in quotes, for messages.
  package var quoted: String { Escaping.quoted(argument) }
}
