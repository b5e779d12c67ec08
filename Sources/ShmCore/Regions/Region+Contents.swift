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
  /// an error. pwrite(2); process_vm_writev(2) on hugetlbfs, which has no write.
  ///
  /// Where another process makes the region smaller between the look at its size and the write, this
  /// write makes it as large again as its own last byte.
  ///
  /// - Parameters:
  ///   - buffer: the bytes.
  ///   - offset: where in the region, in bytes.
  /// - Throws: `ShmError`: `inputOutput` where the region ends before the last byte, `noSpace`
  ///   where a hole of a sparse region finds no memory, `notPermitted` where it is sealed.
  /// - Complexity: linear in the bytes copied.
  public func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(ShmError) {
    try write(buffer.count, at: offset) { (done) throws(Errno) in
      let rest = unsafe UnsafeRawBufferPointer(rebasing: buffer[done...])
      return try unsafe descriptor.write(rest, at: offset + done)
    }
  }

  /// Writes the same byte `count` times; else as `write`. pwritev(2)
  func write(_ bytes: borrowing RepeatedByte, count: Int, at offset: Int) throws(ShmError) {
    try write(count, at: offset) { (done) throws(Errno) in
      try bytes.write(to: descriptor, count: count - done, at: offset + done)
    }
  }

  /// Calls `part` with the bytes that are done until `count` are.
  private func write(
    _ count: Int, at offset: Int, part: (Int) throws(Errno) -> Int
  ) throws(ShmError) {
    let attempt = "cannot write \(quoted)"
    var done = 0
    while done < count {
      let size = try currentSize(attempt)
      // pwrite beyond the end would make the region grow again that somebody has shrunk.
      let (end, overflow) = offset.addingReportingOverflow(count)
      guard !overflow, end <= size else {
        throw shrunk(attempt, to: size, wanted: overflow ? .max : end)
      }
      done += try ShmError.explaining({ explainWrite($0, attempt) }) { () throws(Errno) in
        try part(done)
      }
    }
  }

  private func currentSize(_ attempt: String) throws(ShmError) -> Int {
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

  private func explainWrite(_ error: Errno, _ attempt: String) -> ShmError {
    switch error {
    case .notPermitted:
      if let seals = seals(), !seals.isEmpty {
        ShmError(
          .notPermitted, attempt, "it is sealed: \(seals.words.joined(separator: ", "))",
          errorNumber: error.rawValue)
      } else {
        ShmError(attempt, error)
      }
    case .noSpace, .noMemory:
      (try? space(attempt))?.refusal(PageMath.pageSize, errno: error) ?? ShmError(attempt, error)
    default: ShmError(attempt, error)
    }
  }
}
