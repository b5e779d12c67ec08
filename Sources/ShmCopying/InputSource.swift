import CShm
import Glibc
public import ShmCore
public import SystemPackage

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
  public var size: Int? { state?.remaining }
  /// What a regular file was when it was opened.
  let state: InputState?
  /// The number of the descriptor. It belongs to this value, or to the process where it is 0.
  public let rawDescriptor: Int32
  /// Nothing for standard input, which stays open.
  private let owned: OwnedDescriptor?

  /// Opens a file for reading, or takes standard input for `-`. open(2)
  ///
  /// - Parameters:
  ///   - path: the file, or `-`.
  ///   - waitsForWriter: whether to wait until somebody writes a FIFO. Otherwise it is read without
  ///     waiting, and is to be polled first: before a writer has come a read is told its end.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `inputOutput` for a directory or a closed
  ///   standard input.
  public init(_ path: FilePath, waitsForWriter: Bool = true) throws(ShmError) {
    guard path != "-" else {
      let name = "standard input"
      self.init(
        name: name, state: try Self.state(STDIN_FILENO, name), rawDescriptor: STDIN_FILENO,
        owned: nil)
      return
    }
    let name = Escaping.quoted(path.bytes)
    let attempt = "cannot open \(name)"
    // An open that waits would hear no signal that is held off.
    let isFIFO = FileSystem.isFIFO(path)
    let descriptor = try ShmError.saying(attempt) { () throws(Errno) in
      try FileSystem.open(path, isFIFO ? O_RDONLY | O_NONBLOCK : O_RDONLY)
    }
    let raw = descriptor.raw
    if isFIFO, waitsForWriter {
      try DescriptorIO.waitForInput(raw, attempt)
      _ = cshm_fcntl(raw, F_SETFL, O_RDONLY)
    }
    self.init(
      name: name, state: try Self.state(raw, name), rawDescriptor: raw,
      owned: consume descriptor)
  }

  private init(
    name: String, state: InputState?, rawDescriptor: Int32, owned: consuming OwnedDescriptor?
  ) {
    self.name = name
    self.state = state
    self.rawDescriptor = rawDescriptor
    self.owned = owned
  }

  /// The bytes that a regular file has still to give; nil for anything else, and for a file whose size is
  /// 0 or not what it gives, as in /proc and /sys.
  static func remaining(_ raw: CInt, _ name: String) throws(ShmError) -> Int? {
    try state(raw, name)?.remaining
  }

  /// The state of what is to be read, to compare it with that after reading; nil for anything but a regular
  /// file whose size is what it gives. fstat(2), fcntl(2)
  ///
  /// - Throws: `ShmError` of kind `inputOutput` for a descriptor that cannot be read.
  static func state(_ raw: CInt, _ name: String) throws(ShmError) -> InputState? {
    var status = stat()
    let attempt = "cannot read \(name)"
    guard unsafe fstat(raw, &status) == 0 else {
      throw ShmError(.inputOutput, attempt, "it is closed", errorNumber: errno)
    }
    // What stands in for a closed stream can be looked at and not read, as what is open for writing.
    let flags = cshm_fcntl(raw, F_GETFL, 0)
    if flags >= 0, flags & cshm_O_PATH != 0 || flags & O_ACCMODE == O_WRONLY {
      throw ShmError(
        .inputOutput, attempt, "it is closed, or not open for this", errorNumber: EBADF)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw ShmError(.inputOutput, attempt, "it is a directory")
    }
    return InputState(raw)
  }
}
