public import ShmCore
import SystemPackage

extension Region {
  /// Makes a new region that holds what an input gives, and appears when it holds all of it.
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - source: read to its end.
  ///   - size: in bytes, the rest zero; nil for as many as the input gives.
  ///   - options: mode and reservation.
  ///   - progress: called with the bytes copied so far.
  ///   - finish: called when it holds all, before it appears.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: what `create` throws; `usage` for an empty input; `usage` for one that is larger
  ///   than `size`, too; `inputOutput` for a regular file that was changed while it was read. Nothing is left then.
  /// - Complexity: linear in the bytes.
  public static func create(
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

  /// What an input of unknown length begins with. On hugetlbfs a size is whole pages, and an
  /// input's need not be.
  private static func firstSize(of reference: RegionReference) throws(ShmError) -> Int {
    if let directory = reference.directory,
      (try? MemoryFileSystem.at(directory).kind) == .hugetlbfs
    {
      throw ShmError(
        .usage, "cannot create \(reference.quoted)",
        "on hugetlbfs the size of an input of unknown length must be given")
    }
    return 1 << 20
  }

  private static var largestStep: Int { 64 << 20 }

  /// Copies an input of unknown length; the region, which nobody else sees yet, grows with it.
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
          // It is made, as far as anybody knows, and not resized.
          throw error.worded(attempt: attempt)
        }
      }
      try unsafe writer.write(
        UnsafeRawBufferPointer(scratch.prefix(count)), at: used, of: self)
      used += count
    }
    if used == 0 { throw ShmError(.usage, attempt, "the input is empty") }
    try resize(to: used, mayShrink: true)
  }

  /// Doubles, up to a step; where that much is not free, what is needed will do.
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
