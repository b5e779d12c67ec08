import CShm
import Glibc
package import ShmCore
package import SystemPackage

/// A source of bytes: a file or standard input.
package struct InputSource: ~Copyable {
  /// Its name in messages.
  package let name: String
  /// The bytes that a regular file has still to give; nil for a pipe, a terminal, a device.
  package var size: Int? { state?.remaining }
  /// The state of a regular file when it was opened.
  let state: InputState?
  /// The number of the descriptor. This value owns it, except descriptor 0.
  package let rawDescriptor: Int32
  /// The descriptor as a `FileDescriptor`.
  package var fileDescriptor: FileDescriptor { FileDescriptor(rawValue: rawDescriptor) }
  /// Nothing for standard input, which stays open.
  private let owned: OwnedDescriptor?

  /// Opens a file for reading, or takes standard input for `-`. open(2)
  ///
  /// - Parameters:
  ///   - path: the file, or `-`.
  ///   - waitsForWriter: whether to wait until a process opens a FIFO for writing. Otherwise it is opened non-blocking
  ///     and must be polled first, because a read without a writer returns end of file.
  /// - Throws: `ShmError`: `notFound`, `notPermitted`, `inputOutput` for a directory or a closed
  ///   standard input.
  package init(_ path: FilePath, waitsForWriter: Bool = true) throws(ShmError) {
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
    let descriptor: OwnedDescriptor
    do {
      descriptor = try FileSystem.open(path, isFIFO ? O_RDONLY | O_NONBLOCK : O_RDONLY)
    } catch {
      throw ShmError(attempt, error)
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

  /// The remaining bytes of a regular file; nil for other files, and for a file whose size is 0 or does not match its
  /// contents, as in /proc and /sys.
  static func remaining(_ raw: CInt, _ name: String) throws(ShmError) -> Int? {
    try state(raw, name)?.remaining
  }

  /// The state of the input, to compare with the state after reading; nil unless it is a regular file whose size
  /// matches its contents. fstat(2), fcntl(2)
  ///
  /// - Throws: `ShmError` of kind `inputOutput` for a descriptor that cannot be read.
  static func state(_ raw: CInt, _ name: String) throws(ShmError) -> InputState? {
    var status = stat()
    let attempt = "cannot read \(name)"
    guard unsafe fstat(raw, &status) == 0 else {
      throw ShmError(.inputOutput, attempt, "it is closed", errorNumber: errno)
    }
    // The placeholder of a closed stream has a status but cannot be read, like a descriptor that is open for writing.
    let flags = cshm_fcntl(raw, F_GETFL, 0)
    if flags >= 0, flags & cshm_O_PATH != 0 || flags & O_ACCMODE == O_WRONLY {
      throw ShmError(
        .inputOutput, attempt, "it is closed or not open for reading", errorNumber: EBADF)
    }
    if status.st_mode & S_IFMT == S_IFDIR {
      throw ShmError(.incompatible, attempt, "it is a directory")
    }
    return InputState(raw)
  }
}
