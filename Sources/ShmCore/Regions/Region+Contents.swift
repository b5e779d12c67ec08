import Glibc
import SystemPackage

/// The contents by system call: the kernel copies, and what somebody truncates meanwhile is an
/// error and not a signal.
extension Region {
  /// Copies bytes of the region into `buffer`. pread(2)
  ///
  /// - Parameters:
  ///   - buffer: memory of the caller's, filled from its start.
  ///   - offset: where in the region, in bytes.
  /// - Returns: the bytes copied: fewer than `buffer` holds where the region ends before.
  /// - Throws: `ShmError`
  /// - Complexity: linear in the bytes copied.
  public func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(ShmError) -> Int {
    var done = 0
    while done < buffer.count {
      let count = try ShmError.saying("cannot read \(quoted)") { () throws(Errno) in
        let rest = unsafe UnsafeMutableRawBufferPointer(rebasing: buffer[done...])
        return try unsafe descriptor.read(into: rest, at: offset + done)
      }
      if count == 0 { break }
      done += count
    }
    return done
  }

  /// Copies `buffer` into the region. The region does not grow: what would lie beyond its end is
  /// an error, also where another process makes it smaller meanwhile. process_vm_writev(2)
  ///
  /// Many small writes go faster through a `Mapping`.
  ///
  /// - Parameters:
  ///   - buffer: the bytes.
  ///   - offset: where in the region, in bytes.
  /// - Throws: `ShmError`: `inputOutput` where the region ends before the last byte, `noSpace`
  ///   where a hole of a sparse region finds no memory, `notPermitted` where it is sealed.
  /// - Complexity: linear in the bytes copied.
  public func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(ShmError) {
    var writer = try RegionWriter(self)
    try unsafe writer.write(buffer, at: offset, of: self)
  }

  /// The size in bytes at this moment. fstat(2)
  func currentSize(_ attempt: String) throws(ShmError) -> Int {
    try ShmError.saying(attempt) { () throws(Errno) in Int(try descriptor.status().st_size) }
  }

  /// The error for a region that is smaller than it was.
  func shrunk(_ attempt: String, to size: Int, wanted: Int) -> ShmError {
    ShmError(
      .inputOutput, attempt,
      """
      it holds \(size) bytes now, and byte \(wanted - 1) was wanted: another process has made it \
      smaller
      """)
  }

  /// Why bytes did not get in, `wanted` of them at once; nil for those of one page.
  func explainWrite(_ error: Errno, _ attempt: String, wanted: Int? = nil) -> ShmError {
    switch error {
    case .notPermitted:
      if let seals = seals(), !seals.isEmpty {
        ShmError(
          .notPermitted, attempt, "it is sealed: \(seals.words.joined(separator: ", "))",
          errorNumber: error.rawValue)
      } else {
        ShmError(attempt, error)
      }
    case .noSpace, .noMemory, .diskQuotaExceeded, .badAddress:
      (try? space(attempt, mayBeSparse: false).refusal(wanted ?? status().pageSize, errno: error))
        ?? ShmError(attempt, error)
    default: ShmError(attempt, error)
    }
  }
}
