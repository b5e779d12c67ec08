import ArgumentParser
import ShmCore
import SystemPackage

/// Words of the command line as strings that keep every byte. The parser works on strings, and Swift
/// would repair what is not UTF-8, which would make another name of it.
///
/// A byte that is not part of UTF-8 becomes one of 128 characters for private use, U+10FF80 and up. These
/// characters themselves become four of them, one for each byte, so both ways are exact.
enum ArgumentBytes {
  private static let base: UInt32 = 0x10FF00

  /// The string that stands for `bytes` in the parser.
  static func string(_ bytes: [UInt8]) -> String {
    var string = String.UnicodeScalarView()
    var decoder = UTF8Decoder(bytes)
    while let piece = decoder.next() {
      switch piece {
      case .scalar(let scalar) where byte(scalar) != nil:
        string.append(contentsOf: String(scalar).utf8.compactMap { mark($0) })
      case .scalar(let scalar): string.append(scalar)
      case .invalid(let byte): mark(byte).map { string.append($0) }
      }
    }
    return String(string)
  }

  /// The bytes that a string of the parser stands for.
  static func bytes(_ string: some StringProtocol) -> [UInt8] {
    var bytes: [UInt8] = []
    for scalar in string.unicodeScalars {
      if let byte = byte(scalar) { bytes.append(byte) } else { bytes += Array(String(scalar).utf8) }
    }
    return bytes
  }

  private static func mark(_ byte: UInt8) -> Unicode.Scalar? { Unicode.Scalar(base + UInt32(byte)) }

  private static func byte(_ scalar: Unicode.Scalar) -> UInt8? {
    (base + 0x80...base + 0xFF).contains(scalar.value) ? UInt8(scalar.value - base) : nil
  }
}

/// The path of a file, whatever its bytes are.
enum FileArgument {
  /// The path. A slash at the end says that a directory is meant, which `FilePath` would forget.
  static func parse(_ text: String) -> FilePath {
    let bytes = ArgumentBytes.bytes(text)
    let isDirectory = bytes.last == UInt8(ascii: "/")
    return FilePath(bytes: isDirectory ? bytes + [UInt8(ascii: ".")] : bytes)
  }
}
