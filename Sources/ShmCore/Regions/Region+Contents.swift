import Glibc
package import SystemPackage

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

  /// The size in bytes at this moment. fstat(2)
  package func currentSize(_ attempt: String) throws(ShmError) -> Int {
    try ShmError.saying(attempt) { () throws(Errno) in Int(try descriptor.status().st_size) }
  }

  /// The error for a region that is smaller than it was.
  package func shrunk(_ attempt: String, to size: Int, wanted: Int) -> ShmError {
    ShmError(
      .inputOutput, attempt,
      """
      it holds \(size) bytes now, and byte \(wanted - 1) was wanted: another process has made it \
      smaller
      """)
  }

  /// Why bytes did not get in, `wanted` of them at once; nil for those of one page.
  package func explainWrite(_ error: Errno, _ attempt: String, wanted: Int? = nil) -> ShmError {
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
