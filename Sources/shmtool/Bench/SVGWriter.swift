/// Writes elements of SVG, one on a line. Texts are escaped.
struct SVGWriter {
  private(set) var text = ""
  private var depth = 0

  /// An element without content, or with text.
  mutating func add(
    _ name: String, _ attributes: [(String, String)], text content: String? = nil
  ) {
    indent()
    text += "<\(name)\(Self.written(attributes))"
    text += content.map { ">\(Self.escaped($0))</\(name)>\n" } ?? "/>\n"
  }

  /// An element with elements in it.
  mutating func group(
    _ name: String, _ attributes: [(String, String)], _ contents: (inout SVGWriter) -> Void
  ) {
    indent()
    text += "<\(name)\(Self.written(attributes))>\n"
    depth += 1
    contents(&self)
    depth -= 1
    indent()
    text += "</\(name)>\n"
  }

  private mutating func indent() { text += String(repeating: "  ", count: depth) }

  private static func written(_ attributes: [(String, String)]) -> String {
    attributes.map { " \($0.0)=\"\(escaped($0.1))\"" }.joined()
  }

  /// A text in which no character has a meaning. XML 1.0, sections 2.2 and 2.4
  static func escaped(_ text: String) -> String {
    var escaped = ""
    for scalar in text.unicodeScalars {
      switch scalar {
      case "&": escaped += "&amp;"
      case "<": escaped += "&lt;"
      case ">": escaped += "&gt;"
      case "\"": escaped += "&quot;"
      case "'": escaped += "&#39;"
      case "\n", "\t": escaped.unicodeScalars.append(scalar)
      // XML cannot have these characters, not even escaped.
      case "\0"..<" ", "\u{FFFE}", "\u{FFFF}": escaped += "\u{FFFD}"
      default: escaped.unicodeScalars.append(scalar)
      }
    }
    return escaped
  }

  /// A coordinate with one decimal at most.
  static func number(_ value: Double) -> String {
    let tenths = Int((value * 10).rounded())
    let sign = tenths < 0 ? "-" : ""
    let rest = tenths.magnitude % 10
    return "\(sign)\(tenths.magnitude / 10)" + (rest == 0 ? "" : ".\(rest)")
  }
}
