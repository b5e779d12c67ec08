import CShm
import Glibc
package import ShmCore
package import SystemPackage

/// A file that appears when it is complete: it is written without a name, brought onto its device, and then
/// gets its name.
///
/// A path that means an open descriptor of this process, such as `/dev/fd/9` or `/dev/stdout`, is written
/// through that descriptor, at its place; nothing is replaced then.
package struct OutputFile: ~Copyable {
  /// Its name in messages.
  package let name: String
  /// The number of the descriptor to write to. It belongs to this value: do not close it.
  package let rawDescriptor: Int32
  /// The descriptor as a `FileDescriptor`.
  package var fileDescriptor: FileDescriptor { FileDescriptor(rawValue: rawDescriptor) }
  /// Whether the bytes are on the device, so that they outlast a crash of the machine; nil if there is no
  /// device, as in memory and for a pipe. False before `publish`.
  package var isSynchronized: Bool? { writeBack.isDone }
  private let site: OutputSite
  /// The open file; nil after it has been closed, and for a descriptor of the caller's.
  private var descriptor: OwnedDescriptor?
  /// The name that it has for now, if it cannot be without a name.
  private var temporary: FilePath?
  /// The owner, permissions and attributes of the replaced file.
  private var access: FileAccess?
  /// The permission bits of the new file, regardless of the umask and of the replaced file; nil to keep those.
  private let mode: UInt16?
  private var writeBack: WriteBack
  /// How many bytes were written.
  private var count = 0

  /// Begins a file in the directory of its name.
  ///
  /// An existing file of that name is replaced at the end. The new file keeps its mode, its access control list, its
  /// extended attributes and, if this process can change the owner, its owner and group. It never grants more
  /// permissions than the old file. If the path is a symbolic link, the link's target is replaced. In a sticky
  /// directory, links and files of other users are refused, except those of the directory's owner. Temporary files of
  /// this name that killed processes left are removed.
  ///
  /// - Parameters:
  ///   - path: the path of the file.
  ///   - isSynchronized: whether `publish` waits until the file is stored on its device.
  ///   - mode: the permission bits, regardless of the umask and the replaced file; nil for theirs.
  /// - Throws: `ShmError`:
  ///   - `usage` if the path does not name a file,
  ///   - `incompatible` for a directory, a device or a FIFO, which cannot be replaced, and for a file on hugetlbfs,
  ///   - `notFound` if the directory of the file or the target of a symbolic link does not exist,
  ///   - `notPermitted` without permission to write the file or its directory, or for a file or link that is refused,
  ///   - `busy` for a mount point,
  ///   - `inputOutput` for a descriptor that is closed or not open for writing.
  package init(
    _ path: FilePath, isSynchronized: Bool = true, mode: UInt16? = nil
  ) throws(ShmError) {
    let site = try OutputSite.of(path)
    if let given = site.descriptor {
      self.init(site, given, nil, nil, nil, isSynchronized, mode)
      return
    }
    var access: FileAccess?
    if let found = try site.find() { access = try FileAccess(of: found, site.attempt) }
    site.removeLeftovers(of: access?.user)
    var temporary: FilePath?
    let descriptor = try site.make(isPrivate: access != nil, &temporary)
    do {
      try access?.probe(descriptor, site.attempt)
    } catch {
      if let temporary { try? site.directory.unlink(temporary) }
      throw error
    }
    self.init(site, descriptor.raw, descriptor, temporary, access, isSynchronized, mode)
  }

  private init(
    _ site: consuming OutputSite, _ raw: CInt, _ descriptor: consuming OwnedDescriptor?,
    _ temporary: FilePath?, _ access: FileAccess?, _ isSynchronized: Bool, _ mode: UInt16?
  ) {
    name = site.name
    rawDescriptor = raw
    writeBack = WriteBack(raw, isWanted: isSynchronized)
    self.access = access
    self.mode = mode
    self.temporary = temporary
    self.descriptor = descriptor
    self.site = site
  }

  /// Checks in advance whether the file can be written: creates a temporary file and removes it.
  ///
  /// - Parameter path: the path of the file.
  /// - Returns: whether it is a terminal.
  /// - Throws: `ShmError`: as `init`.
  @discardableResult
  package static func check(_ path: FilePath) throws(ShmError) -> Bool {
    let file = try OutputFile(path)
    return file.descriptor == nil && DescriptorKind.isTerminal(file.rawDescriptor)
  }

  deinit {
    if let temporary { try? site.directory.unlink(temporary) }
  }

  /// Call this while the file is written, so that its device writes in parallel.
  ///
  /// - Parameter count: how many bytes were written so far.
  @inline(__always)
  package mutating func advance(to count: Int) {
    self.count = count
    writeBack.advance(to: count)
  }

  /// Synchronizes the file and gives it its name. An existing file of that name is replaced. fsync(2), linkat(2),
  /// rename(2)
  ///
  /// - Throws: `ShmError`: `inputOutput` if the last bytes cannot be written; the new file is removed then, and the old
  ///   file stays. If only the directory cannot be synchronized, the new file is in place, and the error says so.
  ///   `interrupted`.
  package mutating func publish() throws(ShmError) {
    guard let file = descriptor.take() else {
      return try writeBack.finish(upTo: count, site.attempt)
    }
    // Another process may give or take the name in this moment.
    for _ in 0..<16 {
      let found = try site.find()
      let isFree = found == nil
      if let found {
        try site.check(found)
        access = try FileAccess(of: found, site.attempt)
      }
      try access?.apply(to: file, site.attempt)
      try writeBack.finish(upTo: count, site.attempt)
      do throws(Errno) {
        if let mode { try file.changeMode(to: mode_t(mode)) }
        // A network file system reports write errors here.
        try file.duplicate().close()
        try site.place(file, isFree: isFree, &temporary)
      } catch {
        if error == .fileExists, isFree { continue }
        throw error == .noSpace || error == .diskQuotaExceeded
          ? DescriptorIO.explain(error, site.attempt) : ShmError(site.attempt, error)
      }
      temporary = nil
      return try synchronizeDirectory(file)
    }
    throw ShmError(.busy, site.attempt, "other processes repeatedly create and remove its name")
  }

  private func synchronizeDirectory(_ file: borrowing OwnedDescriptor) throws(ShmError) {
    guard isSynchronized == true else { return }
    do {
      try site.directory.synchronize(besides: file.raw)
    } catch {
      throw ShmError(
        .inputOutput, "cannot synchronize the directory of \(name)",
        "\(error.reason); the file is complete and in place, but may be lost in a system crash",
        errorNumber: error.rawValue)
    }
  }
}

extension OutputSite {
  /// A new file without a name, or with a temporary name if the file system does not support that.
  ///
  /// - Parameters:
  ///   - isPrivate: whether only its owner may use it for now.
  ///   - temporary: set to its name.
  /// - Returns: the file, locked.
  /// - Throws: `ShmError`
  fileprivate func make(
    isPrivate: Bool, _ temporary: inout FilePath?
  ) throws(ShmError) -> OwnedDescriptor {
    let mode: mode_t = isPrivate ? 0o600 : 0o666
    do throws(Errno) {
      if let unnamed = try openUnnamed(mode: mode) {
        _ = cshm_lock_if_free(unnamed.raw)
        return unnamed
      }
      return try openNamed(mode: mode, &temporary)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Gives a file its name: directly if the name is free, otherwise by a rename over the existing file.
  ///
  /// - Throws: `Errno`: `fileExists` if the name is free no more.
  fileprivate func place(
    _ file: borrowing OwnedDescriptor, isFree: Bool, _ temporary: inout FilePath?
  ) throws(Errno) {
    guard let named = temporary else {
      if isFree { return try directory.link(file, as: last) }
      // linkat(2) replaces nothing. A process that is killed before the next call leaves this name.
      let name = temporaryName()
      try directory.link(file, as: name)
      temporary = name
      return try directory.rename(name, to: last)
    }
    guard isFree else { return try directory.rename(named, to: last) }
    do throws(Errno) {
      try directory.rename(named, toFree: last)
    } catch .invalidArgument, .noFunction, .notPermitted {
      try directory.rename(named, to: last)
    }
  }
}
