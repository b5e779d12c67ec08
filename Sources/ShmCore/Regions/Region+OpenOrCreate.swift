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
  /// - Throws: what `create` and `open` throw; `exists` where the sizes differ.
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
        guard error.code == .exists else { throw error }
      }
      do throws(ShmError) {
        isNew = false
        let region = try open(reference)
        let status = try region.status()
        if status.size == size { return region }
        throw ShmError(
          .exists, "cannot open '\(reference)' as \(ByteCount(size))",
          "a region of that name holds \(ByteCount(status.size)) (\(status.size) bytes)",
          remedy: "ask for its size, or choose another name")
      } catch {
        guard error.code == .notFound, attemptsLeft > 0 else { throw error }
      }
    }
  }
}
