public import SystemPackage

/// A reference to a region, as a user writes it.
///
/// | written | meant |
/// | --- | --- |
/// | `cache`, `/cache` | the POSIX object of that name |
/// | `/mnt/huge/x`, `./x`, `file:PATH` | that file |
/// | `pid:PID:FD` | what that process has open as that descriptor, a memfd most often |
/// | `sysv:ID` | a System V segment |
/// | `bytes:TEXT` | any of these, percent-encoded |
///
/// `stream:` is reserved for the names of streams: a POSIX object of such a name is written `/stream:x`.
///
/// ```swift
/// let reference = try RegionReference("pid:1234:5")
/// ```
public enum RegionReference: Hashable, Sendable {
  /// A POSIX shared memory object.
  case posix(RegionName)
  /// A file, on tmpfs or hugetlbfs most often.
  case file(FilePath)
  /// A descriptor of a process.
  case descriptor(process: Int32, number: Int32)
  /// A System V segment.
  case systemV(Int32)

  /// Reads a reference; nothing is looked up.
  ///
  /// - Throws: `ShmError` of kind `usage`.
  public init(_ text: String) throws(ShmError) {
    try self.init(bytes: Array(text.utf8))
  }

  /// Reads a reference of any bytes; nothing is looked up.
  ///
  /// - Throws: `ShmError` of kind `usage`.
  public init(bytes given: [UInt8]) throws(ShmError) {
    let text = try Self.decoded(given)
    if let path = Self.rest(of: text, after: "file:") {
      self = .file(try Self.path(path, in: text))
    } else if let rest = Self.rest(of: text, after: "pid:") {
      let parts = rest.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard parts.count == 2, let process = Self.number(parts[0]), process > 0,
        let number = Self.number(parts[1])
      else {
        throw Self.malformed(text, "the format of a descriptor is pid:PID:FD")
      }
      self = .descriptor(process: process, number: number)
    } else if let rest = Self.rest(of: text, after: "sysv:") {
      guard let identifier = Self.number(rest) else {
        throw Self.malformed(text, "the format of a System V segment is sysv:ID")
      }
      self = .systemV(identifier)
    } else if text.starts(with: Self.streamPrefix.utf8) {
      throw Self.malformed(text, "it names a stream")
    } else if text.dropFirst().contains(UInt8(ascii: "/")) {
      try Self.refuseDoubtful(text)
      self = .file(try Self.path(text[...], in: text))
    } else {
      self = .posix(try RegionName(bytes: text))
    }
  }

  /// The prefix of the name of a stream, in a place that accepts regions and streams.
  package static let streamPrefix = "stream:"

  /// The bytes that a reference means, without their encoding if there is any.
  ///
  /// - Throws: `ShmError` of kind `usage` for a malformed encoding, or one in another.
  package static func decoded(_ text: [UInt8]) throws(ShmError) -> [UInt8] {
    guard let rest = rest(of: text, after: EncodedBytes.prefix) else { return text }
    guard let bytes = EncodedBytes.decode(rest) else {
      throw malformed(text, "a percent sign must be followed by two hexadecimal digits")
    }
    if bytes.starts(with: EncodedBytes.prefix.utf8) {
      throw malformed(text, "it is encoded twice")
    }
    return bytes
  }

  /// The path of the region in the file system; nil for a System V segment.
  public var path: FilePath? {
    switch self {
    case .posix(let name): name.path
    case .file(let path): path
    case .descriptor(let process, let number):
      ProcessThreads.directory(of: process).appending("fd/\(number)")
    case .systemV: nil
    }
  }

  /// The directory that contains its name; nil for a region without a name.
  package var directory: FilePath? {
    switch self {
    case .posix, .file: path?.directory
    case .descriptor, .systemV: nil
    }
  }

  private static func rest(of text: [UInt8], after prefix: String) -> ArraySlice<UInt8>? {
    text.starts(with: prefix.utf8) ? text.dropFirst(prefix.utf8.count) : nil
  }

  /// Refuses a path that looks like the wrong output of a script.
  private static func refuseDoubtful(_ text: [UInt8]) throws(ShmError) {
    let parts = text.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if parts.dropFirst().dropLast().contains(where: \.isEmpty)
      || parts.contains(where: { $0.elementsEqual("..".utf8) })
    {
      throw malformed(text, "it contains '//' or '..' (use file:PATH for such a path)")
    }
  }

  private static func path(
    _ path: ArraySlice<UInt8>, in text: [UInt8]
  ) throws(ShmError) -> FilePath {
    if path.isEmpty { throw malformed(text, "the path is empty") }
    if path.contains(0) { throw malformed(text, "it contains a NUL byte") }
    let last = path.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false).last ?? []
    if last.isEmpty || last.elementsEqual(".".utf8) || last.elementsEqual("..".utf8) {
      throw malformed(text, "it names a directory")
    }
    if path.count >= 4096 {
      throw malformed(text, "its length of \(path.count) bytes exceeds 4095 bytes")
    }
    if last.count > RegionName.maximumLength {
      throw malformed(text, "its file name is longer than \(RegionName.maximumLength) bytes")
    }
    return FilePath(bytes: Array(path))
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
    guard !digits.isEmpty, digits.allSatisfy({ (0x30...0x39).contains($0) }) else { return nil }
    return Int32(String(decoding: digits, as: UTF8.self))
  }

  private static func malformed(_ text: [UInt8], _ reason: String) -> ShmError {
    ShmError(.usage, "\(Escaping.quoted(text.prefix(80))) does not name a region", reason)
  }
}
