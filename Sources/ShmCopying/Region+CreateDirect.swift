public import ShmCore
public import SystemPackage

extension Region {
  /// Creates a region with the contents of a file, which is read with direct I/O, bypassing the page cache. The region
  /// becomes visible when it is complete.
  ///
  /// - Parameters:
  ///   - reference: a POSIX name, or a path on tmpfs, hugetlbfs or ramfs.
  ///   - path: a file or a block device, on a file system that supports O_DIRECT.
  ///   - size: in bytes, the rest zero; nil for the size of the file.
  ///   - options: mode and reservation.
  ///   - progress: called with the bytes read so far.
  ///   - finish: called when the region is complete, before it becomes visible.
  /// - Returns: the region, open for reading and writing.
  /// - Throws: the errors of `create` and `DirectIO`; `doesNotFit` if the file is empty or larger than `size`. No region is
  ///   left then.
  /// - Complexity: linear in the bytes.
  public static func create(
    _ reference: RegionReference, directlyFrom path: FilePath, size: Int? = nil,
    options: CreationOptions = CreationOptions(), progress: (Int) -> Void = { _ in },
    finish: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    var method: DirectIO.Method?
    return try create(
      reference, directlyFrom: path, size: size, options: options, method: &method,
      progress: progress, finish: finish)
  }

  /// Creates the same region, and returns how the bytes were transferred.
  package static func create(
    _ reference: RegionReference, directlyFrom path: FilePath, size: Int? = nil,
    options: CreationOptions = CreationOptions(), method: inout DirectIO.Method?,
    progress: (Int) -> Void = { _ in },
    finish: (borrowing Region) throws(ShmError) -> Void = { _ in }
  ) throws(ShmError) -> Region {
    let attempt = "cannot create \(reference.quoted) from \(Escaping.quoted(path.bytes))"
    let file = try DirectIO(reading: path)
    let state = InputState(file.direct.raw, isDirect: true)
    let available = try file.size(attempt)
    if available == 0 { throw ShmError(.doesNotFit, attempt, "the input is empty") }
    if let size, size < available {
      throw ShmError(
        .doesNotFit, attempt,
        "the input has \(available) bytes, which exceeds the region of \(size) bytes")
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
      done = try file.transfer(
        at: 0, count: available, into: region, at: 0, copied: &copied, progress: progress)
      try state?.check(read: copied, attempt)
      try finish(region)
    }
  }
}
