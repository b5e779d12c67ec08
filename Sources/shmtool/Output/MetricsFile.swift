import ShmCopying
import ShmCore
import SystemPackage

/// A file of metrics, as the textfile collector of the node exporter reads it.
enum MetricsFile {
  /// The collector runs as another user.
  private static var mode: UInt16 { 0o644 }

  /// Replaces a file when its new contents are complete. The file is not synchronized to its device, because metrics
  /// are out of date after a crash.
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
