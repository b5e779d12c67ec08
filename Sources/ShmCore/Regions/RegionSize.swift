/// Which sizes a region can have.
enum RegionSize {
  /// What the addresses of one process can hold, in bytes: nobody could map more. Sparse regions
  /// cost nothing, so nothing else stops an absurd size.
  static let largest = 1 << 47

  /// Refuses a size that no region can have.
  ///
  /// - Parameters:
  ///   - size: in bytes.
  ///   - pageSize: the size of the pages it lies on, in bytes.
  ///   - attempt: what is tried, for the message.
  /// - Throws: `ShmError`: `usage`, and `noSpace` for one that nobody could map.
  static func check(_ size: Int, pageSize: Int, _ attempt: String) throws(ShmError) {
    if size <= 0 { throw ShmError(.usage, attempt, "a region holds one byte at least") }
    if size > largest {
      let (needs, most) = ByteCount(size).told(beside: ByteCount(largest))
      throw ShmError(
        .noSpace, attempt, "needs \(needs), but the addresses of a process hold \(most) at most")
    }
    // Smaller pages are never split off a file of huge ones; elsewhere the last page may be a part.
    if pageSize > PageMath.pageSize, size % pageSize != 0 {
      throw ShmError(
        .usage, attempt, "its size must be a multiple of the huge page, \(ByteCount(pageSize))")
    }
  }
}
