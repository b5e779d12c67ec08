public import SystemPackage

/// What a user writes to say which region is meant.
///
/// | written | meant |
/// | --- | --- |
/// | `cache`, `/cache` | the POSIX object of that name |
/// | `/mnt/huge/x`, `./x`, `file:PATH` | that file |
/// | `pid:PID:FD` | what that process has open as that descriptor, a memfd most often |
/// | `sysv:ID` | a System V segment |
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
  /// - Throws: `ShmError` with code `usage`.
  public init(_ text: String) throws(ShmError) {
    if let path = Self.suffix(of: text, after: "file:") {
      self = .file(try Self.path(path, in: text))
    } else if let rest = Self.suffix(of: text, after: "pid:") {
      let parts = rest.split(separator: ":", omittingEmptySubsequences: false)
      guard parts.count == 2, let process = Self.number(parts[0]), process > 0,
        let number = Self.number(parts[1])
      else {
        throw Self.malformed(text, "a descriptor is written pid:PID:FD")
      }
      self = .descriptor(process: process, number: number)
    } else if let rest = Self.suffix(of: text, after: "sysv:") {
      guard let identifier = Self.number(Substring(rest)) else {
        throw Self.malformed(text, "a System V segment is written sysv:ID")
      }
      self = .systemV(identifier)
    } else if text.utf8.dropFirst().contains(UInt8(ascii: "/")) {
      try Self.refuseDoubtful(text)
      self = .file(try Self.path(text, in: text))
    } else {
      self = .posix(try RegionName(text))
    }
  }

  /// The path of the region in the file system, where it has one.
  public var path: FilePath? {
    switch self {
    case .posix(let name): name.path
    case .file(let path): path
    case .descriptor(let process, let number):
      ProcessThreads.directory(of: process).appending("fd/\(number)")
    case .systemV: nil
    }
  }

  /// The directory that its name stands in; nil for what has no name.
  package var directory: FilePath? {
    switch self {
    case .posix, .file: path?.directory
    case .descriptor, .systemV: nil
    }
  }

  private static func suffix(of text: String, after prefix: String) -> String? {
    // By bytes: String.hasPrefix compares canonically equivalent characters as equal.
    guard text.utf8.starts(with: prefix.utf8) else { return nil }
    return String(decoding: text.utf8.dropFirst(prefix.utf8.count), as: UTF8.self)
  }

  /// A name that a script has put together wrongly is not taken for a path.
  private static func refuseDoubtful(_ text: String) throws(ShmError) {
    let parts = text.utf8.split(separator: UInt8(ascii: "/"), omittingEmptySubsequences: false)
    if parts.dropFirst().dropLast().contains(where: \.isEmpty)
      || parts.contains(where: { $0.elementsEqual("..".utf8) })
    {
      throw malformed(text, "it holds '//' or '..' (file:PATH forces a path)")
    }
  }

  private static func path(_ path: String, in text: String) throws(ShmError) -> FilePath {
    if path.utf8.isEmpty { throw malformed(text, "the path is empty") }
    if path.utf8.contains(0) { throw malformed(text, "it holds a NUL") }
    if path.utf8.last == UInt8(ascii: "/") { throw malformed(text, "it names a directory") }
    if path.utf8.count >= 4096 {
      throw malformed(text, "it is \(path.utf8.count) bytes long, and 4095 are allowed")
    }
    let path = FilePath(path)
    switch path.lastComponent {
    case nil: throw malformed(text, "it names a directory")
    case .some(let last) where last.kind != .regular: throw malformed(text, "it names a directory")
    case .some(let last) where last.string.utf8.count > RegionName.maximumLength:
      throw malformed(text, "its last part is longer than \(RegionName.maximumLength) bytes")
    default: return path
    }
  }

  private static func number(_ digits: Substring) -> Int32? {
    guard !digits.isEmpty, digits.utf8.allSatisfy({ (0x30...0x39).contains($0) }) else {
      return nil
    }
    return Int32(digits)
  }

  private static func malformed(_ text: String, _ reason: String) -> ShmError {
    ShmError(
      .usage, "'\(Escaping.printable(text.utf8.prefix(80)))' does not name a region", reason)
  }
}

extension RegionReference: CustomStringConvertible {
  /// As the user would write it, safe for a terminal.
  public var description: String {
    switch self {
    case .posix(let name): name.description
    case .file(let path): Escaping.printable(path.string)
    case .descriptor(let process, let number): "pid:\(process):\(number)"
    case .systemV(let identifier): "sysv:\(identifier)"
    }
  }
}
