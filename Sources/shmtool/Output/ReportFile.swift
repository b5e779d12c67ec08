import ShmCopying
import ShmCore
import SystemPackage

/// A file that a report is written to, for other programs: metrics, as the textfile collector of the node exporter
/// reads them, and the figures of a benchmark.
enum ReportFile {
  /// Those programs run as other users.
  private static var mode: UInt16 { 0o644 }

  /// Checks whether the file can be written, before work that takes long.
  static func check(_ path: FilePath) throws(ShmError) {
    try OutputFile.check(path)
  }

  /// Replaces a file when its new contents are complete. The file is not synchronized to its device, because a report
  /// can be made again.
  static func replace(_ path: FilePath, with text: String) throws(ShmError) {
    // After a signal the incomplete file is removed.
    let mask = SignalMask()
    _ = mask
    var file = try OutputFile(path, isSynchronized: false, mode: mode)
    let (descriptor, attempt) = (file.rawDescriptor, "cannot write \(file.name)")
    var bytes = Array(text.utf8)
    try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) in
      try unsafe DescriptorIO.writeAll(descriptor, UnsafeRawBufferPointer(buffer), attempt)
    }
    file.advance(to: bytes.count)
    try file.publish()
  }
}
