import CShm
import Glibc
import ShmCore
import SystemPackage

/// The place of an output file: a name in an open directory, and the existing file of that name.
struct OutputSite: ~Copyable {
  /// The name of the file in messages.
  let name: String
  let attempt: String
  /// The number of the descriptor that the path means; nil for a file.
  let descriptor: CInt?
  let directory: OpenDirectory
  /// The file's name in its directory.
  let last: FilePath

  private init(_ name: String, _ attempt: String, _ path: consuming OutputPath) {
    self.name = name
    self.attempt = attempt
    descriptor = path.descriptor
    last = path.name
    directory = path.directory
  }

  /// Finds the place, and throws if the file cannot be written.
  static func of(_ given: FilePath) throws(ShmError) -> OutputSite {
    let name = Escaping.quoted(given.bytes)
    let attempt = "cannot write \(name)"
    guard given.lastComponent?.kind == .regular else {
      throw ShmError(.usage, attempt, "it does not name a file")
    }
    let path = try OutputPath(given, attempt)
    let isLinked = path.isLinked
    let site = OutputSite(name, attempt, path)
    if let number = site.descriptor {
      try checkWritable(number, attempt)
    } else {
      try site.check(isLinked: isLinked)
    }
    return site
  }

  private func check(isLinked: Bool) throws(ShmError) {
    if directory.isProcess {
      throw ShmError(
        .inputOutput, attempt,
        CInt(last.string) == nil
          ? "files in /proc cannot be replaced" : "it is not an open descriptor of this process")
    }
    if let found = try find() {
      try check(found)
    } else if isLinked {
      throw ShmError(
        .notFound, attempt, "it is a symbolic link without a target", errorNumber: ENOENT)
    }
    guard directory.mayWrite(".") else {
      throw ShmError(.notPermitted, attempt, "no permission to write in its directory")
    }
    if directory.fileSystem?.kind == .hugetlbfs {
      throw ShmError(.incompatible, attempt, "files on hugetlbfs can be mapped but not written")
    }
  }

  private static func checkWritable(_ raw: CInt, _ attempt: String) throws(ShmError) {
    let flags = cshm_fcntl(raw, F_GETFL, 0)
    if flags < 0 || flags & cshm_O_PATH != 0 || flags & O_ACCMODE == O_RDONLY {
      throw DescriptorIO.explain(.badFileDescriptor, attempt)
    }
  }

  /// The existing file, opened with O_PATH; nil if the name is free.
  func find() throws(ShmError) -> OwnedDescriptor? {
    // By O_PATH its attributes are read through /proc.
    let flags = FileSystem.exists("/proc/self/fd") ? cshm_O_PATH : O_RDONLY | O_NONBLOCK
    do throws(Errno) {
      return try directory.open(last, flags | O_NOFOLLOW)
    } catch .noSuchFileOrDirectory {
      return nil
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Throws if the existing file cannot be replaced, or belongs to an untrusted user.
  func check(_ found: borrowing OwnedDescriptor) throws(ShmError) {
    let status: stat
    do { status = try found.status() } catch { throw ShmError(attempt, error) }
    if let kind = RegionStatus.kindOfOther(status.st_mode) {
      let isDirectory = status.st_mode & S_IFMT == S_IFDIR
      throw ShmError(
        .incompatible, attempt,
        isDirectory ? "it is \(kind)" : "it is \(kind), which cannot be replaced atomically",
        remedy: isDirectory ? nil : Self.remedy)
    }
    guard directory.trusts(status) else {
      throw ShmError(
        .notPermitted, attempt, "it belongs to another user, in a sticky directory",
        remedy: "choose another name")
    }
    guard directory.mayWrite(last) else {
      throw ShmError(.notPermitted, attempt, "no permission to write it")
    }
    if directory.isMountPoint(last) {
      throw ShmError(
        .busy, attempt, "it is a mount point, which cannot be replaced", remedy: Self.remedy)
    }
    let user = geteuid()
    let owners = [0, status.st_uid, directory.status.st_uid]
    if directory.status.st_mode & S_ISVTX != 0, !owners.contains(user) {
      throw ShmError(
        .notPermitted, attempt, "only its owner can replace it in a sticky directory",
        remedy: Self.remedy)
    }
  }

  private static var remedy: Remedy { "redirect standard output to it" }

  /// A file without a name, which vanishes if the process is killed; nil if the file system or a sandbox does not
  /// support this. O_TMPFILE of open(2)
  ///
  /// - Parameter mode: the permission bits, without those of the umask.
  /// - Returns: the file.
  /// - Throws: `Errno`
  func openUnnamed(mode: mode_t) throws(Errno) -> OwnedDescriptor? {
    do {
      let file = try directory.open(".", O_WRONLY | cshm_O_TMPFILE, mode: mode)
      guard directory.canLink(file) else { return nil }
      return file
    } catch .notSupported, .isDirectory, .noFunction, .invalidArgument, .notPermitted {
      return nil
    }
  }
}
