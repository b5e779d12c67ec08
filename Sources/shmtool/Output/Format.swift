import Glibc
import ShmCore
import SystemPackage

/// Formats of values. Only the names of users need a lookup.
enum Format {
  /// A size by the style.
  static func size(_ bytes: Int, _ style: TextStyle) -> String {
    style.bytes ? "\(bytes)" : "\(ByteCount(bytes))"
  }

  /// The same without rounding: an offset.
  static func exactSize(_ bytes: Int, _ style: TextStyle) -> String {
    style.bytes || bytes == 0 ? "\(bytes)" : ByteCount(bytes).exact
  }

  /// Bytes for each second, more or less than before: `+1.2 MB/s`; nothing if it is unchanged.
  static func change(_ rate: Double) -> String {
    let rounded = Int(rate.rounded())
    if rounded == 0 { return "" }
    return (rounded < 0 ? "-" : "+") + Self.rate(Int(rounded.magnitude), 1_000_000_000)
  }

  /// Permission bits in octal, with a leading zero.
  static func mode(_ mode: FilePermissions) -> String {
    let text = String(mode.rawValue, radix: 8)
    return String(repeating: "0", count: max(0, 4 - text.count)) + text
  }

  /// A length of time in its largest unit: `42s`, `3m`, `5h`, `12d`.
  static func age(_ seconds: Int) -> String {
    switch seconds {
    case ..<60: "\(max(0, seconds))s"
    case ..<3600: "\(seconds / 60)m"
    case ..<86400: "\(seconds / 3600)h"
    default: "\(seconds / 86400)d"
    }
  }

  /// Seconds with three decimals; microseconds if the decimals would be zeros.
  static func seconds(_ nanoseconds: Int) -> String {
    if nanoseconds < 1_000_000 { return "\(max(0, nanoseconds) / 1000) us" }
    let milliseconds = (nanoseconds + 500_000) / 1_000_000
    let rest = "\(milliseconds % 1000)"
    return "\(milliseconds / 1000).\(String(repeating: "0", count: 3 - rest.count))\(rest) s"
  }

  /// The duration of work, and its rate; nothing was done at a rate if there were no bytes.
  static func duration(of bytes: Int, _ nanoseconds: Int) -> String {
    seconds(nanoseconds) + (bytes == 0 ? "" : ", \(rate(bytes, nanoseconds))")
  }

  /// Whether a file was brought onto its device, as the end of a sentence; nothing if there is no device.
  static func synchronization(_ isSynchronized: Bool?) -> String {
    isSynchronized.map { $0 ? ", synced" : ", not synced" } ?? ""
  }

  /// Bytes for each second, in powers of ten as rates are: `3.2 GB/s`.
  static func rate(_ bytes: Int, _ nanoseconds: Int) -> String {
    guard nanoseconds > 0 else { return "- B/s" }
    let rate = Double(bytes) / (Double(nanoseconds) / 1e9)
    let units: [(Double, String)] = [(1e9, "GB/s"), (1e6, "MB/s"), (1e3, "kB/s")]
    // What would round to a thousand of one unit is one of the next.
    for (unit, name) in units where rate >= unit * 0.99995 {
      let tenths = Int((rate / unit * 10).rounded())
      return "\(tenths / 10).\(tenths % 10) \(name)"
    }
    return "\(Int(rate)) B/s"
  }

  /// A figure with two or three significant digits: `0.012`, `1.5`, `123`.
  static func figure(_ value: Double) -> String {
    if value >= 100 { return "\(Int(value.rounded()))" }
    let decimals = value >= 10 ? 1 : value >= 0.1 ? 2 : 3
    let scale = [1, 10, 100, 1000][decimals]
    let number = Int((value * Double(scale)).rounded())
    let rest = "\(number % scale)"
    return "\(number / scale)." + String(repeating: "0", count: decimals - rest.count) + rest
  }

  /// A time in the unit that fits: `450 ns`, `12.3 us`, `4.5 ms`, `2.1 s`.
  static func nanoseconds(_ value: Double) -> String {
    let units: [(Double, String)] = [(1e9, "s"), (1e6, "ms"), (1e3, "us")]
    for (unit, name) in units where value >= unit { return "\(figure(value / unit)) \(name)" }
    return "\(Int(value.rounded())) ns"
  }

  /// An address in hexadecimal.
  static func address(_ address: some BinaryInteger) -> String {
    "0x" + String(address, radix: 16)
  }

  /// Eight hexadecimal digits.
  static func hexadecimal(_ number: UInt32) -> String {
    let digits = String(number, radix: 16)
    return String(repeating: "0", count: 8 - digits.count) + digits
  }

  /// The visibility of stores, as an option of `map`.
  static func sharing(_ map: ProcessMap) -> String {
    map.isShared ? "shared" : "private"
  }

  /// The protection of a mapping, as an option of `map`.
  static func protection(_ map: ProcessMap) -> String {
    map.isWritable ? "read-write" : map.isReadable ? "read-only" : "none"
  }

  /// A user's name for text, or the number if the name is unknown.
  static func user(_ identifier: UInt32) -> String {
    userName(identifier).printable
  }

  /// The name in the user database.
  static func userName(_ identifier: UInt32) -> RawText {
    UserNames.name(identifier).map { RawText($0) } ?? RawText("\(identifier)")
  }
}
