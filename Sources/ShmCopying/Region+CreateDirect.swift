public import ShmCore
public import SystemPackage

extension Region {
  /// Makes a new region that holds a file's bytes, read past the page cache, and appears when it holds
  /// all of them.
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - path: a file or a block device, on a file system that takes O_DIRECT.
  ///   - size: in bytes, the rest zero; nil for as many as the file has.
  ///   - options: mode and reservation.
  ///   - method: set to how it was done.
  ///   - progress: called with the bytes read so far.
  ///   - finish: called when it holds all, before it appears.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: what `create` and `DirectIO` throw; `usage` for an empty file, and for one that is larger
  ///   than `size`. Nothing is left then.
  /// - Complexity: linear in the bytes.
  public static func create(
    _ reference: RegionReference, directlyFrom path: FilePath, size: Int? = nil,
    options: CreationOptions = CreationOptions(), method: inout DirectIO.Method?,
    progress: (Int) -> Void = { _ in },
    finish: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    let attempt = "cannot create \(reference.quoted) from \(Escaping.quoted(path.bytes))"
    let file = try DirectIO(reading: path)
    let state = InputState(file.direct.raw, isDirect: true)
    let available = try file.size(attempt)
    if available == 0 { throw ShmError(.usage, attempt, "the input is empty") }
    if let size, size < available {
      throw ShmError(
        .usage, attempt, "the input holds \(available) bytes, and the region is to hold \(size)")
    }
    var done: DirectIO.Method?
    defer { method = done }
    return try create(
      reference, size: size ?? available, options: options, progress: { _ in }
    ) { (region) throws(ShmError) in
      var copied = 0
      if !options.reserve, !options.mayExceedMemory {
        var room = RoomGuard(region, attempt)
        try room.require(0..<available)
      }
      done = try file.read(
        at: 0, count: available, into: region, at: 0, copied: &copied, progress: progress)
      try state?.check(read: copied, attempt)
      try finish(region)
    }
  }
}
