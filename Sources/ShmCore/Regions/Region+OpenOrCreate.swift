import Glibc
import SystemPackage

extension Region {
  /// Creates a region, or opens the existing region of that name if it has the same size.
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - size: in bytes.
  ///   - options: options of a new region.
  ///   - isNew: set to whether the region was created.
  ///   - progress: called with the bytes reserved so far.
  ///   - contents: writes the initial contents of a new region.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: the errors of `create` and `open`; `exists` if the sizes differ; `notPermitted` for a region
  ///   that another user may have planted. In a sticky directory that all users can write, the region must belong
  ///   to the caller or to the owner of the directory, as fs.protected_regular requires for O_CREAT.
  public static func openOrCreate(
    _ reference: RegionReference, size: Int, options: CreationOptions = CreationOptions(),
    isNew: inout Bool, progress: (Int) -> Void = { _ in },
    contents: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    // Another process may create or remove the region between the two calls, so both are retried.
    var attemptsLeft = 1000
    while true {
      attemptsLeft -= 1
      do {
        isNew = true
        return try create(
          reference, size: size, options: options, progress: progress, contents: contents)
      } catch {
        guard error.kind == .exists else { throw error }
      }
      do throws(ShmError) {
        isNew = false
        let region = try open(reference)
        let status = try region.status()
        try refusePlanted(reference, status)
        if status.size == size { return region }
        throw ShmError(
          .exists, "cannot open \(reference.quoted) as \(ByteCount(size))",
          "the existing region has \(ByteCount(status.size)) (\(status.size) bytes)",
          remedy: "use its size, or choose another name")
      } catch {
        guard error.kind == .notFound, attemptsLeft > 0 else { throw error }
      }
    }
  }

  /// Refuses a region of another user in a directory that every user can write.
  private static func refusePlanted(
    _ reference: RegionReference, _ status: RegionStatus
  ) throws(ShmError) {
    guard status.owner != ProcessView.user, let directory = reference.directory,
      let place = try? FileSystem.followedStatus(directory), status.owner != place.st_uid,
      place.st_mode & S_ISVTX != 0, place.st_mode & 0o022 != 0
    else { return }
    throw ShmError(
      .notPermitted, "cannot open \(reference.quoted)",
      """
      it belongs to uid \(status.owner) (mode 0\(String(status.mode.rawValue, radix: 8))), and its \
      directory is writable by other users
      """,
      remedy: "choose another name")
  }
}
