import Glibc
import SystemPackage

/// Where bytes come from: a file, or standard input.
///
/// ```swift
/// let source = try InputSource("weights.bin")
/// let region = try Region.create(RegionReference("model"), from: source)
/// ```
public struct InputSource: ~Copyable {
  /// What it is called in messages.
  public let name: String
  /// The bytes that a regular file has still to give; nil for a pipe, a terminal, a device.
  public let size: Int?
  /// The number of the descriptor. It belongs to this value, or to the process where it is 0.
  public let rawDescriptor: Int32
  /// Nothing for standard input, which stays open.
  private let owned: OwnedDescriptor?

  /// Opens a file for reading, or takes standard input for `-`. open(2)
  ///
  /// - Parameter path: the file, or `-`.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `inputOutput` for a directory or a closed
  ///   standard input.
  public init(_ path: String) throws(ShmError) {
    guard path != "-" else {
      let name = "standard input"
      self.init(
        name: name, size: try Self.remaining(STDIN_FILENO, name), rawDescriptor: STDIN_FILENO,
        owned: nil)
      return
    }
    let name = "'\(Escaping.printable(path))'"
    let descriptor = try ShmError.saying("cannot open \(name)") { () throws(Errno) in
      try FileSystem.open(FilePath(path), O_RDONLY)
    }
    let raw = descriptor.raw
    self.init(
      name: name, size: try Self.remaining(raw, name), rawDescriptor: raw,
      owned: consume descriptor)
  }

  private init(
    name: String, size: Int?, rawDescriptor: Int32, owned: consuming OwnedDescriptor?
  ) {
    self.name = name
    self.size = size
    self.rawDescriptor = rawDescriptor
    self.owned = owned
  }

  /// The bytes that a regular file has still to give; nil for anything else.
  static func remaining(_ raw: CInt, _ name: String) throws(ShmError) -> Int? {
    var status = stat()
    let attempt = "cannot read \(name)"
    guard unsafe fstat(raw, &status) == 0 else {
      throw ShmError(.inputOutput, attempt, "it is closed", errorNumber: errno)
    }
    switch status.st_mode & S_IFMT {
    case S_IFREG: return max(0, Int(status.st_size) - max(0, Int(lseek(raw, 0, SEEK_CUR))))
    case S_IFDIR: throw ShmError(.inputOutput, attempt, "it is a directory")
    default: return nil
    }
  }
}
