public import ShmCore
import SystemPackage

extension Region {
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
}
