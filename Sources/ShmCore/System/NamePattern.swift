import Glibc

/// Shell patterns for names, matched byte by byte. fnmatch(3)
package enum NamePattern {
  /// Whether `bytes` contain a character that has a meaning in a pattern: `*`, `?` or `[`.
  package static func isPattern(_ bytes: [UInt8]) -> Bool {
    bytes.contains { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") || $0 == UInt8(ascii: "[") }
  }

  /// Whether a name matches a pattern.
  ///
  /// A slash and a leading dot have no special meaning. This process never calls setlocale(3), and in the locale C
  /// fnmatch(3) compares bytes.
  ///
  /// - Parameters:
  ///   - name: the bytes of the name.
  ///   - pattern: the bytes of the pattern.
  /// - Returns: whether the whole name matches.
  package static func matches(_ name: [UInt8], _ pattern: [UInt8]) -> Bool {
    guard !name.contains(0), !pattern.contains(0) else { return false }
    let (name, pattern) = (string(name), string(pattern))
    return unsafe fnmatch(pattern, name, 0) == 0
  }

  private static func string(_ bytes: [UInt8]) -> [CChar] {
    bytes.map { CChar(bitPattern: $0) } + [0]
  }
}
