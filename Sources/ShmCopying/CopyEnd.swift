public import ShmCore
public import SystemPackage

/// Where a block copy reads from, or writes to.
///
/// ```swift
/// let from = CopyEnd.process(1234, address: 0x7f00_0000_0000)
/// let to = CopyEnd.region(try RegionReference("cache"), offset: 0)
/// ```
public enum CopyEnd: Hashable, Sendable {
  /// A region, from an offset in bytes on. It does not grow.
  case region(RegionReference, offset: Int)
  /// The memory of a process, from an address in it on.
  case process(Int32, address: UInt64)
  /// A file or a device, from an offset in bytes on. One that is written without an offset ends where
  /// the copy does; with one, it keeps what lies around.
  case file(FilePath, offset: Int?)
  /// Standard input, or standard output.
  case standard

  /// Opens it for reading.
  ///
  /// - Parameters:
  ///   - attempt: the words for errors.
  ///   - isDirect: whether a file is read past the page cache, which must not be touched then.
  /// - Returns: the open end.
  /// - Throws: `ShmError`
  func openForReading(
    _ attempt: String, isDirect: Bool = false
  ) throws(ShmError) -> any OpenEnd {
    switch self {
    case .region(let reference, let offset):
      try RegionEnd(try Region.open(reference, access: .readOnly), offset: offset, attempt)
    case .process(let process, let address): MemoryEnd(try ProcessMemory(of: process), address)
    case .file(let path, let offset):
      try FileEnd.reading(path, offset: offset, isDirect: isDirect, attempt)
    case .standard: try StreamEnd.standardInput()
    }
  }

  /// Opens it for writing; nothing is changed yet, but that a file is made where there is none.
  ///
  /// - Parameters:
  ///   - attempt: the words for errors.
  ///   - isSynchronized: whether a file or a device is to be brought onto its medium at the end.
  /// - Returns: the open end.
  /// - Throws: `ShmError`
  func openForWriting(
    _ attempt: String, isSynchronized: Bool
  ) throws(ShmError) -> any OpenEnd {
    switch self {
    case .region(let reference, let offset):
      try RegionEnd(try Region.open(reference), offset: offset, attempt)
    case .process(let process, let address): MemoryEnd(try ProcessMemory(of: process), address)
    case .file(let path, let offset):
      try FileEnd.writing(path, offset: offset, isSynchronized: isSynchronized, attempt)
    case .standard: StreamEnd.standardOutput()
    }
  }

  /// Whether it is read or written in order only, and its bytes cannot be had again.
  public var isStandard: Bool { self == .standard }
}

extension CopyEnd: CustomStringConvertible {
  /// The argument as a word of a shell, safe for a terminal.
  public var description: String { Escaping.word(argument) }

  /// The same, always in quotes, for messages.
  package var quoted: String { Escaping.quoted(argument) }

  /// The end as a command takes it: read again, it means the same bytes, whatever a name holds.
  package var argument: [UInt8] {
    switch self {
    case .region(let reference, offset: 0): reference.argument
    case .region(let reference, let offset): reference.argument + Array("@\(offset)".utf8)
    case .process(let process, let address):
      Array("\(process)@0x\(String(address, radix: 16))".utf8)
    case .file(let path, let offset):
      Self.argument(path) + (offset.map { Array("@\($0)".utf8) } ?? [])
    case .standard: [UInt8(ascii: "-")]
    }
  }

  /// A path with an `@` could be read as a path and an offset.
  private static func argument(_ path: FilePath) -> [UInt8] {
    let plain = Array("file:".utf8) + path.bytes
    return path.bytes.contains(UInt8(ascii: "@")) ? Array(EncodedBytes.text(plain).utf8) : plain
  }
}
