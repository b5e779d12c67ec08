import Glibc
import SystemPackage

extension Region {
  /// Makes a region, or opens the one of that name if it has the same size.
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - size: in bytes.
  ///   - options: for a new one.
  ///   - isNew: set to whether it was made.
  ///   - progress: called with the bytes reserved so far.
  ///   - contents: writes what a new one is to hold when it appears.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: what `create` and `open` throw; `exists` where the sizes differ; `notPermitted` for a
  ///   region that another user may have planted: in a sticky directory that all may write it must be
  ///   the caller's or the directory owner's, as fs.protected_regular has it for O_CREAT.
  public static func openOrCreate(
    _ reference: RegionReference, size: Int, options: CreationOptions = CreationOptions(),
    isNew: inout Bool, progress: (Int) -> Void = { _ in },
    contents: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    // Between the two calls somebody may make or remove it; nobody does so for ever.
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
          "a region of that name holds \(ByteCount(status.size)) (\(status.size) bytes)",
          remedy: "ask for its size, or choose another name")
      } catch {
        guard error.kind == .notFound, attemptsLeft > 0 else { throw error }
      }
    }
  }

  /// Refuses a region of another user where every user may make one.
  private static func refusePlanted(
    _ reference: RegionReference, _ status: RegionStatus
  ) throws(ShmError) {
    guard status.owner != ProcessView.user, let directory = reference.directory,
      let place = try? FileSystem.followedStatus(directory), status.owner != place.st_uid,
      place.st_mode & S_ISVTX != 0, place.st_mode & 0o022 != 0
    else { return }
    throw ShmError(
      .notPermitted, "cannot open \(reference.quoted)",
      "it belongs to uid \(status.owner), mode \(String(status.mode, radix: 8)), in a directory where every user may create a region",
      remedy: "choose another name")
  }
}
