/// Whether the machine's memory and the control groups of this process have room for pages, wherever these
/// lie.
package enum MemoryRoom {
  /// Refuses pages that the kernel would end this process for.
  ///
  /// - Parameters:
  ///   - bytes: of pages that have no memory yet.
  ///   - attempt: what is tried, for the error.
  ///   - process: whose memory the pages become, because the kernel charges its control groups; nil for this
  ///     process.
  /// - Throws: `ShmError` of kind `noSpace` and the figures.
  package static func require(
    _ bytes: Int, _ attempt: String, of process: Int32? = nil
  ) throws(ShmError) {
    try SpaceCheck(
      attempt: attempt, place: "memory", site: .memory, mayBeSparse: false, process: process
    ).require(bytes)
  }
}
