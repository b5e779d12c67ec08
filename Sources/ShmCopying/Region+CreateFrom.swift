public import ShmCore
public import SystemPackage

extension Region {
  /// Creates a region with the contents of a file, which may also be a FIFO or a device. The region becomes visible
  /// when it is complete.
  ///
  /// ```swift
  /// let region = try Region.create(RegionReference("model"), from: "weights.bin")
  /// ```
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - path: the file, which is read to its end.
  ///   - size: in bytes, the rest zero; nil for the size of the file.
  ///   - options: mode and reservation.
  ///   - progress: called with the bytes copied so far.
  ///   - finish: called when the region is complete, before it becomes visible.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`. No region is left after an error. Besides the errors of `create`:
  ///   - `doesNotFit` if the file is empty or larger than `size`,
  ///   - `notFound` if the file does not exist,
  ///   - `notPermitted` if the caller may not read the file,
  ///   - `inputOutput` for a directory, for a read error, and for a regular file that changed while it was read,
  ///   - `usage` for an input of unknown length on hugetlbfs without `size`.
  /// - Complexity: linear in the bytes.
  public static func create(
    _ reference: RegionReference, from path: FilePath, size: Int? = nil,
    options: CreationOptions = CreationOptions(), progress: (Int) -> Void = { _ in },
    finish: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    // `InputSource` reads standard input for "-"; for this call it is an ordinary file name.
    let source = try InputSource(path == "-" ? "./-" : path)
    return try create(
      reference, from: source, size: size, options: options, progress: progress, finish: finish)
  }

  /// Creates a region with the contents of an input. The region becomes visible when it is complete.
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - source: read to its end.
  ///   - size: in bytes, the rest zero; nil for the size of the input.
  ///   - options: mode and reservation.
  ///   - progress: called with the bytes copied so far.
  ///   - finish: called when the region is complete, before it becomes visible.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: `ShmError`. No region is left after an error. Besides the errors of `create`:
  ///   - `doesNotFit` if the input is empty or larger than `size`,
  ///   - `inputOutput` for a read error, and for a regular file that changed while it was read,
  ///   - `usage` for an input of unknown length on hugetlbfs without `size`.
  /// - Complexity: linear in the bytes.
  package static func create(
    _ reference: RegionReference, from source: borrowing InputSource, size: Int? = nil,
    options: CreationOptions = CreationOptions(), progress: (Int) -> Void = { _ in },
    finish: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    let raw = source.rawDescriptor
    let name = source.name
    let state = source.state
    let attempt = "cannot create \(reference.quoted) from \(name)"
    if let known = size ?? source.size {
      return try create(
        reference, size: known, options: options, progress: { _ in }
      ) { (region) throws(ShmError) in
        _ = try region.write(
          from: raw, named: name, range: nil, amount: size == nil ? .all : .upTo,
          by: RegionWriter(region, isShared: false), since: state,
          guarded: options.reserve || options.mayExceedMemory ? nil : RoomGuard(region, attempt),
          progress: progress)
        try finish(region)
      }
    }
    return try create(
      reference, size: try firstSize(of: reference), options: options, progress: { _ in }
    ) { (region) throws(ShmError) in
      try region.take(
        from: raw, attempt, mayExceedMemory: options.mayExceedMemory, progress: progress)
      try finish(region)
    }
  }

  /// The initial size for an input of unknown length. On hugetlbfs the size must be a multiple of the page size, but
  /// the input may have any length.
  private static func firstSize(of reference: RegionReference) throws(ShmError) -> Int {
    if let directory = reference.directory,
      (try? MemoryFileSystem.at(directory).kind) == .hugetlbfs
    {
      throw ShmError(
        .usage, "cannot create \(reference.quoted)",
        "the size of an input of unknown length must be specified on hugetlbfs")
    }
    return 1 << 20
  }

  private static var largestStep: Int { 64 << 20 }

  /// Copies an input of unknown length. The region, which is not yet visible to other processes, grows with it.
  private func take(
    from source: Int32, _ attempt: String, mayExceedMemory: Bool, progress: (Int) -> Void
  ) throws(ShmError) {
    let scratch = try ScratchBuffer(attempt)
    var writer = try RegionWriter(self, isShared: false)
    var capacity = try status().size
    var used = 0
    while true {
      progress(used)
      let count = try unsafe DescriptorIO.read(source, into: scratch.bytes, attempt)
      if count == 0 { break }
      while used + count > capacity {
        do throws(ShmError) {
          capacity = try grow(
            from: capacity, toHold: used + count, mayExceedMemory: mayExceedMemory)
        } catch {
          // For the user this is a creation, not a resize.
          throw error.worded(attempt: attempt)
        }
      }
      try unsafe writer.write(
        UnsafeRawBufferPointer(scratch.prefix(count)), at: used, of: self)
      used += count
    }
    if used == 0 { throw ShmError(.doesNotFit, attempt, "the input is empty") }
    try resize(to: used, mayShrink: true)
  }

  /// Doubles the size, up to a maximum step. If that much is not free, grows only as needed.
  private func grow(
    from capacity: Int, toHold needed: Int, mayExceedMemory: Bool
  ) throws(ShmError) -> Int {
    let generous = max(needed, capacity + min(capacity, Self.largestStep))
    do {
      try resize(to: generous)
      return generous
    } catch {
      guard error.kind == .noSpace, generous > needed else { throw error }
      try resize(to: needed, mayExceedMemory: mayExceedMemory)
      return needed
    }
  }
}
