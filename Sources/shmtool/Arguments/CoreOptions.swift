import ArgumentParser
import Glibc
import ShmCore

/// Options for the core dumps of CMD.
struct CoreOptions: ParsableArguments {
  @Flag(help: "Keep shared memory out of the core dumps of CMD")
  var noCore = false

  func check(_ command: [[UInt8]]) throws {
    if noCore, command.isEmpty { throw ValidationError("--no-core requires CMD") }
  }

  /// Clears the bits for shared mappings in the core dump filter of this process. CMD inherits the filter. core(5),
  /// /proc/PID/coredump_filter
  func apply() throws(ShmError) {
    guard noCore else { return }
    let attempt = "cannot keep shared memory out of core dumps"
    let shared: UInt64 = 1 << 1 | 1 << 3 | 1 << 6 | 1 << 8
    let filter: OwnedDescriptor
    do {
      filter = try FileSystem.open("/proc/self/coredump_filter", O_RDWR)
    } catch {
      throw ShmError(attempt, error)
    }
    let text: [UInt8]
    do { text = try filter.contents() } catch { throw ShmError(attempt, error) }
    let digits = String(decoding: text, as: UTF8.self).prefix { $0.isHexDigit }
    guard let bits = UInt64(digits, radix: 16) else {
      throw ShmError(.system, attempt, "/proc/self/coredump_filter cannot be read")
    }
    var wanted = Array("0x\(String(bits & ~shared, radix: 16))".utf8)
    let raw = filter.raw
    try unsafe wanted.withUnsafeMutableBufferPointer { (buffer) throws(ShmError) in
      try unsafe DescriptorIO.writeAll(raw, UnsafeRawBufferPointer(buffer), attempt)
    }
  }
}
