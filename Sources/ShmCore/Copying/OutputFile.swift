import CShm
import Glibc
import SystemPackage

/// A file that is there whole, or not at all: it is written without a name, and gets it when it is
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
  /// The number of the descriptor to write to. It belongs to this value: do not close it.
  public let rawDescriptor: Int32
  private let site: OutputSite
  /// The open file; nil when it has been closed.
  private var descriptor: OwnedDescriptor?
  /// The name that it has meanwhile, where it must have one.
  private var temporary: FilePath?

  /// Begins one, in the directory of its name. A file that has the name is replaced at the end, and
  /// its mode stays, and its owner where this process may give files away; behind a symbolic link it
  /// is the link's target that is replaced.
  ///
  /// - Parameter path: what it will be called.
  /// - Throws: `ShmError`: `usage` for a directory, a device or a FIFO, which cannot be replaced,
  ///   `notFound` for a directory that is not there, `notPermitted`.
  public init(_ path: String) throws(ShmError) {
    let site = try OutputSite(path)
    var temporary: FilePath?
    let descriptor = try ShmError.saying(site.attempt) { () throws(Errno) -> OwnedDescriptor in
      let made: OwnedDescriptor
      if let unnamed = try site.openUnnamed() {
        made = unnamed
      } else {
        // Killed, this process leaves it behind: it cannot be had without a name here.
        let name = site.temporaryName
        made = try FileSystem.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666)
        temporary = name
      }
      try site.takeOver(made)
      return made
    }
    rawDescriptor = descriptor.raw
    name = site.name
    self.site = site
    self.temporary = temporary
    self.descriptor = .some(descriptor)
  }

  /// Says beforehand what would stop it, by making one and throwing it away.
  ///
  /// - Parameter path: what it will be called.
  /// - Throws: `ShmError`: as `init`.
  public static func check(_ path: String) throws(ShmError) {
    _ = try OutputFile(path)
  }

  deinit {
    if let temporary { try? FileSystem.unlink(temporary) }
  }

  /// Gives it its name, in place of what had it. linkat(2), close(2), rename(2)
  ///
  /// - Throws: `ShmError`: `inputOutput` where the last bytes cannot be written. Nothing is left then.
  public mutating func publish() throws(ShmError) {
    guard let file = descriptor.take() else { return }
    do throws(Errno) {
      // A name that is there already is only taken by a rename.
      if temporary == nil {
        let name = site.temporaryName
        try file.link(at: name)
        temporary = name
      }
      try file.close()
      if let name = temporary { try FileSystem.rename(name, to: site.path) }
    } catch {
      throw ShmError(site.attempt, error)
    }
    temporary = nil
  }
}
