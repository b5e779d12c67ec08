import CShm
import Glibc
import SystemPackage

/// Where an output file is to be: its name, and what has that name already.
struct OutputSite {
  /// What the file is called in messages.
  let name: String
  let attempt: String
  /// Its place, without symbolic links at the end.
  let path: FilePath
  /// The file that is to be replaced; nil where the name is free.
  private let replaced: stat?

  /// Looks, and refuses what cannot be written.
  init(_ given: String) throws(ShmError) {
    let name = "'\(Escaping.printable(given))'"
    let attempt = "cannot write \(name)"
    var path = FilePath(given)
    guard let last = path.lastComponent, last.kind == .regular, !given.hasSuffix("/") else {
      throw ShmError(.usage, attempt, "it names no file")
    }
    var found = try? FileSystem.status(path)
    if let status = found, status.st_mode & S_IFMT == S_IFLNK {
      do {
        path = try FileSystem.resolved(path)
      } catch {
        throw ShmError(
          .notFound, attempt, "it is a symbolic link that leads nowhere",
          errorNumber: error.rawValue)
      }
      found = try? FileSystem.status(path)
    }
    if let status = found {
      if let kind = RegionStatus.kindOfOther(status.st_mode) {
        let isDirectory = status.st_mode & S_IFMT == S_IFDIR
        throw ShmError(
          .usage, attempt,
          isDirectory ? "it is \(kind)" : "it is \(kind), which cannot appear whole or not at all",
          remedy: isDirectory ? nil : "redirect standard output to it")
      }
      guard FileSystem.mayWrite(path) else {
        throw ShmError(.notPermitted, attempt, "you may not write it")
      }
      try Self.checkReplacing(path, status, attempt)
    }
    guard FileSystem.exists(path.directory) else {
      throw ShmError(.notFound, attempt, "there is no directory for it")
    }
    guard FileSystem.mayWrite(in: path.directory) else {
      throw ShmError(.notPermitted, attempt, "you may not write in its directory")
    }
    let fileSystem = try? FileSystem.fileSystemStatus(path.directory)
    if fileSystem.map({ MemoryFileSystem($0).kind }) == .hugetlbfs {
      throw ShmError(.usage, attempt, "hugetlbfs takes no writes, only mappings")
    }
    self.name = name
    self.attempt = attempt
    self.path = path
    replaced = found
  }

  /// What may be written, and yet not be replaced.
  private static func checkReplacing(
    _ path: FilePath, _ status: stat, _ attempt: String
  ) throws(ShmError) {
    if let resolved = try? FileSystem.resolved(path),
      MountTable.current().mounts.contains(where: { FilePath($0.point) == resolved })
    {
      throw ShmError(
        .busy, attempt, "it is a mount point, which cannot be replaced",
        remedy: "redirect standard output to it")
    }
    guard let directory = try? FileSystem.followedStatus(path.directory) else { return }
    let user = geteuid()
    if directory.st_mode & S_ISVTX != 0, user != 0, status.st_uid != user, directory.st_uid != user
    {
      throw ShmError(
        .notPermitted, attempt, "in a sticky directory only its owner may replace it",
        remedy: "redirect standard output to it")
    }
  }

  /// A file without a name, which nothing can leave behind; nil where this file system, or a sandbox,
  /// has none. O_TMPFILE of open(2)
  func openUnnamed() throws(Errno) -> OwnedDescriptor? {
    do {
      let file = try FileSystem.open(path.directory, O_WRONLY | cshm_O_TMPFILE, mode: 0o666)
      guard file.canLink(in: path.directory) else { return nil }
      return file
    } catch .notSupported, .isDirectory, .noFunction, .invalidArgument, .notPermitted {
      return nil
    }
  }

  /// A hidden name beside the file's, by chance: not that of another process, nor of one that was
  /// killed.
  var temporaryName: FilePath {
    var last = path.lastComponent?.string ?? ""
    while last.utf8.count > 200 { last.removeLast() }
    return path.directory.appending(".\(last).shmtool-\(String(cshm_random(), radix: 16))")
  }

  /// Gives a new file the owner and the mode of the one that it replaces, as far as that is allowed.
  /// fchown(2), fchmod(2)
  func takeOver(_ file: borrowing OwnedDescriptor) throws(Errno) {
    guard let replaced else { return }
    var mode = replaced.st_mode & 0o777
    let own = try file.status()
    if own.st_uid != replaced.st_uid || own.st_gid != replaced.st_gid {
      do throws(Errno) {
        try file.changeOwner(to: replaced.st_uid, replaced.st_gid)
      } catch {
        // The group alone may be had; without it, its rights are not given to another.
        try? file.changeOwner(to: own.st_uid, replaced.st_gid)
        if try file.status().st_gid != replaced.st_gid { mode &= ~0o070 }
      }
    }
    try file.changeMode(to: mode)
  }
}
