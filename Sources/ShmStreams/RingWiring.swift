import ShmCore
import SystemPackage

/// Keeps a ring in RAM: another mapping of it, wired and verified.
enum RingWiring {
  /// Wires all of a ring.
  ///
  /// - Throws: `ShmError`: `limit` with the limit that refuses, `noSpace`.
  static func wire(_ memory: borrowing RingMemory, _ attempt: String) throws(ShmError) -> Mapping {
    let descriptor = try ShmError.saying(attempt) { () throws(Errno) in
      try memory.descriptor.duplicate()
    }
    let region = Region(
      .descriptor(process: ProcessNumber.own, number: descriptor.raw), access: .readWrite,
      descriptor: descriptor)
    var mapping = try Mapping(of: region, protection: .readOnly)
    do {
      try mapping.tryWire()
    } catch {
      throw error.error(
        "\(attempt) through a wired ring of \(ByteCount(memory.geometry.size).exact)")
    }
    return mapping
  }
}
