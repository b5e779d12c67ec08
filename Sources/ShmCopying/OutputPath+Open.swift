import Glibc
import ShmCore
import SystemPackage

extension OutputPath {
  /// Refuses a file or a FIFO of another user in a sticky directory, which could be a trap (fs.protected_regular).
  func checkTrust(_ quoted: String, _ attempt: String) throws(ShmError) {
    guard let found = try? directory.status(name) else { return }
    let kind = found.st_mode & S_IFMT
    if kind == S_IFREG || kind == S_IFIFO, !directory.trusts(found) {
      throw ShmError(
        .notPermitted, attempt, "\(quoted) belongs to another user, in a sticky directory",
        remedy: "choose another name", errorNumber: EACCES)
    }
  }

  /// Opens or creates the file, and sets `isNew` if it created the file.
  func openForWriting(isNew: inout Bool) throws(Errno) -> OwnedDescriptor {
    // The kernel opens the target of a link in /proc.
    if directory.isProcess { return try directory.open(name, O_WRONLY) }
    guard let found = try directory.status(name) else {
      if isLinked { throw .noSuchFileOrDirectory }
      isNew = true
      return try directory.open(name, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, mode: 0o666)
    }
    let descriptor = try directory.open(name, O_WRONLY | O_NOFOLLOW)
    // Another file may have taken the name since the check.
    let status = try descriptor.status()
    if status.st_mode & S_IFMT == S_IFREG, RegionIdentity(status) != RegionIdentity(found),
      !directory.trusts(status)
    {
      throw .permissionDenied
    }
    return descriptor
  }

  /// Removes the file, if the name still refers to it.
  func removeFile(_ identity: RegionIdentity) {
    if let found = try? directory.status(name), RegionIdentity(found) == identity {
      try? directory.unlink(name)
    }
  }

  /// Makes the name of a new file durable.
  func synchronizeDirectory(_ file: CInt, _ attempt: String) throws(ShmError) {
    do {
      try directory.synchronize(besides: file)
    } catch {
      throw ShmError(
        .inputOutput, attempt,
        "the file is complete, but its directory cannot be synchronized: \(error.reason)",
        errorNumber: error.rawValue)
    }
  }
}
