public import ShmCore
public import SystemPackage

/// The source or the destination of a block copy.
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
  /// A file or a device, from an offset in bytes. A file that is written without an offset is truncated at the end of
  /// the copy. With an offset, the rest of the file is kept.
  case file(FilePath, offset: Int?)
  /// Standard input, or standard output.
  case standard

  /// Opens it for reading.
  ///
  /// - Parameters:
  ///   - attempt: the words for errors.
  ///   - isDirect: whether a file is read with direct I/O, without use of the page cache.
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

  /// Opens it for writing. A file that does not exist is created; nothing else is changed yet.
  ///
  /// - Parameters:
  ///   - attempt: the words for errors.
  ///   - isSynchronized: whether a file or a device is synchronized at the end.
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

  /// Whether it can be read or written only once and in order.
  package var isStandard: Bool { self == .standard }
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
