import Glibc
package import SystemPackage

extension Region {
  /// Removes the region's name, if the name still refers to this region. Processes that use the region keep
  /// it. Its memory is freed when the last of them exits. unlinkat(2)
  ///
  /// - Throws: `ShmError`: `notFound` if the name does not exist or refers to another region;
  ///   `notPermitted` if the directory or, in a sticky directory, the region belongs to another user;
  ///   `notSharedMemory` for a file that is not shared memory;
  ///   `usage` for a region without a name.
  /// - Complexity: constant, besides the release of the memory by the kernel.
  public func unlink() throws(ShmError) {
    _ = try unlink { true }
  }

  /// Removes the name if `isMeant` returns true while no other process can reach the region by its name.
  ///
  /// unlink(2) takes a name and not a file: another region may be renamed to the name between a look and
  /// the call. So the region is first renamed to a name that no other program uses. What was moved can be
  /// checked then, and goes back if it was not meant. renameat2(2), `RENAME_NOREPLACE`
  ///
  /// - Parameter isMeant: asked while the region has no name that others use.
  /// - Returns: whether the name is gone; if not, the region has its name again.
  /// - Throws: `ShmError`, as `unlink()` does.
  package func unlink(if isMeant: () throws(ShmError) -> Bool) throws(ShmError) -> Bool {
    let attempt = "cannot remove \(quoted)"
    switch reference {
    case .descriptor, .systemV:
      throw ShmError(.usage, attempt, "it has no name in the file system")
    case .posix, .file: break
    }
    guard let path = reference.path, let name = path.lastComponent else { return false }
    try SharedMemory.require(descriptor, attempt)
    let reference = self.reference
    let explain = { (error: Errno) in reference.explainRemoval(error, path, attempt) }
    let mine: RegionIdentity
    do throws(Errno) {
      mine = RegionIdentity(try descriptor.status())
      guard RegionIdentity(try FileSystem.status(path)) == mine else {
        throw .noSuchFileOrDirectory
      }
    } catch {
      throw explain(error)
    }
    let aside = FilePath(
      bytes: path.directory.bytes + [UInt8(ascii: "/")]
        + RemovalName(name.bytes, of: mine.inode).bytes)
    // A signal must not end the program while the region has the other name.
    let mask = SignalMask()
    defer { withExtendedLifetime(mask) {} }
    do throws(Errno) {
      try FileSystem.renameToFree(path, aside)
    } catch .noFunction, .invalidArgument, .notSupported, .notPermitted {
      // A sandbox or the file system does not support renameat2. If the directory denies permission, unlink(2) also
      // fails.
      guard try isMeant() else { return false }
      do throws(Errno) {
        guard RegionIdentity(try FileSystem.status(path)) == mine else {
          throw .noSuchFileOrDirectory
        }
        try FileSystem.unlink(path)
      } catch {
        throw explain(error)
      }
      return true
    } catch {
      throw explain(error)
    }
    do throws(ShmError) {
      let moved: RegionIdentity
      do { moved = RegionIdentity(try FileSystem.status(aside)) } catch { throw explain(error) }
      guard moved == mine else {
        throw ShmError(.notFound, attempt, "the name now refers to another region")
      }
      guard try isMeant() else {
        try Self.putBack(aside, to: path, attempt)
        return false
      }
    } catch {
      if FileSystem.exists(aside) { try Self.putBack(aside, to: path, attempt) }
      throw error
    }
    do throws(Errno) {
      try FileSystem.unlink(aside)
    } catch {
      if FileSystem.exists(aside) { try Self.putBack(aside, to: path, attempt) }
      throw explain(error)
    }
    return true
  }

  /// Gives a region that was moved aside its name again.
  package static func putBack(
    _ aside: FilePath, to path: FilePath, _ attempt: String
  ) throws(ShmError) {
    do {
      try FileSystem.renameToFree(aside, path)
    } catch {
      let place = Escaping.quoted(aside.bytes)
      throw ShmError(
        .busy, attempt,
        "\(error == .fileExists ? "a new region took the name" : error.reason) while another "
          + "region was renamed for the removal; it is kept as \(place)",
        errorNumber: error.rawValue)
    }
  }
}

extension RegionReference {
  /// Why a name could not be removed.
  fileprivate func explainRemoval(_ error: Errno, _ path: FilePath, _ attempt: String) -> ShmError {
    Refusal(of: path).removing(error, attempt) ?? explain(error, attempt)
  }
}
