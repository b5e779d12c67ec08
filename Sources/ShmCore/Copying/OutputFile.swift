import Glibc
import SystemPackage

/// A file that is there whole, or not at all: it is written beside its name, and renamed when it is
/// complete.
///
/// ```swift
/// var file = try OutputFile("frames.raw")
/// try receiver.receive(to: file.rawDescriptor, named: file.name)
/// try file.publish()
/// ```
public struct OutputFile: ~Copyable {
  /// What it is called in messages.
  public let name: String
  private let path: FilePath
  private let temporary: FilePath
  /// The open file; nil when it has been closed.
  private var descriptor: OwnedDescriptor?
  private var isPublished = false
  /// The number of the descriptor to write to. It belongs to this value: do not close it.
  public let rawDescriptor: Int32

  /// Begins one, in the directory of its name.
  ///
  /// - Parameter path: what it will be called; what has the name is replaced at the end.
  /// - Throws: `ShmError`: `notFound` for a directory that is not there, `notPermitted`.
  public init(_ path: String) throws(ShmError) {
    let name = "'\(Escaping.printable(path))'"
    let path = FilePath(path)
    let attempt = "cannot write \(name)"
    guard let last = path.lastComponent, last.kind == .regular else {
      throw ShmError(.usage, attempt, "it names no file")
    }
    // Hidden, and with this process's number: two receivers of one name do not meet.
    let temporary = path.removingLastComponent()
      .appending(".\(last.string.prefix(200)).shmtool-\(ProcessNumber.own)")
    let descriptor = try ShmError.saying(attempt) { () throws(Errno) in
      try FileSystem.open(
        temporary, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666)
    }
    rawDescriptor = descriptor.raw
    self.descriptor = .some(descriptor)
    self.name = name
    self.path = path
    self.temporary = temporary
  }

  /// Says beforehand what would stop it, as far as that can be seen: nothing is made.
  ///
  /// - Parameter path: what it will be called.
  /// - Throws: `ShmError`: `usage` for a directory, `notFound`, `notPermitted`.
  public static func check(_ path: String) throws(ShmError) {
    let attempt = "cannot write '\(Escaping.printable(path))'"
    let path = FilePath(path)
    guard let last = path.lastComponent, last.kind == .regular else {
      throw ShmError(.usage, attempt, "it names no file")
    }
    if let status = try? FileSystem.status(path), status.st_mode & S_IFMT == S_IFDIR {
      throw ShmError(.usage, attempt, "it is a directory")
    }
    guard FileSystem.exists(path.directory) else {
      throw ShmError(.notFound, attempt, "there is no directory for it")
    }
    guard FileSystem.mayWrite(in: path.directory) else {
      throw ShmError(.notPermitted, attempt, "you may not write in its directory")
    }
  }

  deinit {
    if !isPublished { try? FileSystem.unlink(temporary) }
  }

  /// Gives it its name, in place of what had it. close(2), rename(2)
  ///
  /// - Throws: `ShmError`: `inputOutput` where the last bytes cannot be written. Nothing is left then.
  public mutating func publish() throws(ShmError) {
    guard let file = descriptor.take() else { return }
    do throws(Errno) {
      try file.close()
      try FileSystem.rename(temporary, to: path)
    } catch {
      throw ShmError("cannot write \(name)", error)
    }
    isPublished = true
  }
}
