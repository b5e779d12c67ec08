public import ShmCore
public import SystemPackage

extension Region {
  /// Copies bytes of the region to a file, which gets its name when it is complete. An existing file of that name is
  /// replaced, and stays if the copy fails. pread(2), write(2), fsync(2), rename(2)
  ///
  /// The new file keeps the owner, mode, access control list and extended attributes of the replaced file. It never
  /// grants more access than the replaced file. If the path means an open descriptor of this process, such as
  /// `/dev/fd/9`, the call writes to that descriptor.
  ///
  /// ```swift
  /// let region = try Region.open(RegionReference("cache"), access: .readOnly)
  /// try region.read(to: "cache.raw")
  /// ```
  ///
  /// - Parameters:
  ///   - path: the path of the file.
  ///   - range: the bytes to copy, as offsets in the region; nil for the whole region.
  ///   - isSynchronized: whether the call waits until the file is stored on its device.
  ///   - progress: called with the bytes copied so far.
  /// - Throws: `ShmError`:
  ///   - `incompatible` for a directory, a device or a FIFO,
  ///   - `notFound` if the directory of the file does not exist,
  ///   - `notPermitted` if the caller may not write the file or its directory,
  ///   - `inputOutput` for a write error, or if another process shrinks the region in the meantime.
  /// - Complexity: linear in the bytes.
  public func read(
    to path: FilePath, range: Range<Int>? = nil, isSynchronized: Bool = true,
    progress: (Int) -> Void = { _ in }
  ) throws(ShmError) {
    var file = try OutputFile(path, isSynchronized: isSynchronized)
    try read(to: file.fileDescriptor, named: file.name, range: range) { done in
      file.advance(to: done)
      progress(done)
    }
    try file.publish()
  }
}
