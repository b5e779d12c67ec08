/// Which sizes a region can have.
enum RegionSize {
  /// The address space of a process in bytes. A larger region could not be mapped. Sparse regions need no memory,
  /// so no other check would refuse such a size.
  static let largest = 1 << 47

  /// Refuses a size that no region can have.
  ///
  /// - Parameters:
  ///   - size: in bytes.
  ///   - pageSize: the page size of the region, in bytes.
  ///   - attempt: the operation and its object, for the message.
  /// - Throws: `ShmError`: `usage` if the size is not positive, `doesNotFit` if it is not a multiple of a huge page size,
  ///   and `noSpace` if no process could map it.
  static func check(_ size: Int, pageSize: Int, _ attempt: String) throws(ShmError) {
    if size <= 0 { throw ShmError(.usage, attempt, "the size must be at least 1 byte") }
    if size > largest {
      let (needs, most) = ByteCount(size).distinguished(from: ByteCount(largest))
      throw ShmError(
        .noSpace, attempt, "needs \(needs), but the address space of a process is \(most)")
    }
    // Smaller pages are never split off a file of huge ones; elsewhere the last page may be a part.
    if pageSize > PageMath.pageSize, size % pageSize != 0 {
      throw ShmError(
        .doesNotFit, attempt,
        "the size must be a multiple of the huge page size, \(ByteCount(pageSize))")
    }
  }
}
