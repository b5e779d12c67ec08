import ShmCore
import SystemPackage

extension WiringRoom {
  /// Refuses holes for which the tmpfs has no room. Wiring allocates holes, and a later failure does not free them.
  ///
  /// - Parameters:
  ///   - subject: the regions, for errors.
  ///   - held: the regions, mapped and not yet wired.
  /// - Throws: `ShmError`: `noSpace`.
  static func checkHoles(_ subject: String, of held: [HeldRegion]) throws(ShmError) {
    var checked: Set<FilePath> = []
    for directory in held.compactMap({ $0.reference.directory })
    where checked.insert(directory).inserted {
      let regions = held.filter { $0.reference.directory == directory }
      guard let fileSystem = try? MemoryFileSystem.at(directory), fileSystem.kind == .tmpfs,
        let free = fileSystem.free, let total = fileSystem.total,
        regions.reduce(0, { $0 &+ $1.charge }) > free
      else { continue }
      var needed = 0
      for region in regions { needed &+= try region.holes() }
      guard needed > free else { continue }
      let (needs, has) = ByteCount(needed).distinguished(from: ByteCount(free))
      let (enough, overflow) = total.addingReportingOverflow(needed - free)
      throw ShmError(
        .noSpace, "cannot wire \(subject)",
        """
        needs \(needs), but \(Escaping.printable(directory.bytes)) has \(has) free of \
        \(ByteCount(total))
        """,
        shortage: LimitShortage(
          .fileSystem(MountTable.current().mount(of: directory)?.point),
          needed: overflow ? nil : enough))
    }
  }
}
