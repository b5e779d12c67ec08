import Glibc
import ShmCore
import SystemPackage

/// A JSON Schema of a report, and the check of a value against it.
///
/// It knows the keywords that the schemas of this project use. Any other keyword is a failure, so that no rule of a
/// schema is silently skipped.
public struct JSONSchema: Sendable {
  /// The name of the file without its ending.
  public let name: String
  /// The schema.
  public let root: JSON

  /// The names of all schemas.
  public static let names: [String] =
    ((try? FileSystem.names(in: FilePath(directory))) ?? [])
    .map(\.string)
    .filter { $0.hasSuffix(".json") }.map { String($0.dropLast(5)) }.sorted()

  /// The directory of the schemas: beside the built tests if they were copied with them, otherwise in the sources.
  public static let directory: String = {
    let copied = "\(Tool.directory)/Schemas"
    if unsafe access(copied, R_OK) == 0 { return copied }
    return #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined()
      + "/Sources/shmtool/Schemas"
  }()

  /// The schema of a name.
  public init(named name: String) throws(JSON.Failure) {
    self.name = name
    guard let text = try? FileSystem.contents(of: FilePath("\(Self.directory)/\(name).json")) else {
      throw JSON.Failure(description: "there is no schema '\(name).json'")
    }
    root = try JSON(text)
  }

  /// A schema as a value.
  public init(_ root: JSON) {
    name = ""
    self.root = root
  }

  /// The properties that a value has, as JSON pointers into the schema.
  ///
  /// - Throws: `JSON.Failure` if the value does not follow the schema.
  @discardableResult
  public func check(_ value: JSON) throws(JSON.Failure) -> Set<String> {
    var seen: Set<String> = []
    let failures = failures(value, root, at: "", "#", &seen)
    guard failures.isEmpty else {
      throw JSON.Failure(
        description:
          "not of schema '\(name)': \(failures.prefix(5).joined(separator: "; ")): \(value)"
      )
    }
    return seen
  }

  /// All properties of the schema, as JSON pointers.
  public var properties: Set<String> {
    var found: Set<String> = []
    Self.collect(root, "#", &found)
    return found
  }

  private static func collect(_ schema: JSON, _ place: String, _ found: inout Set<String>) {
    switch schema {
    case .object(let members):
      for (key, value) in members {
        if key == "properties", case .object(let properties) = value {
          for (name, schema) in properties {
            found.insert("\(place)/properties/\(name)")
            collect(schema, "\(place)/properties/\(name)", &found)
          }
        } else {
          collect(value, "\(place)/\(key)", &found)
        }
      }
    case .array(let values):
      for (index, value) in values.enumerated() { collect(value, "\(place)/\(index)", &found) }
    default: break
    }
  }

  private func failures(
    _ value: JSON, _ schema: JSON, at path: String, _ place: String, _ seen: inout Set<String>
  ) -> [String] {
    guard case .object(let keywords) = schema else { return ["\(place) is not a schema"] }
    var found: [String] = []
    for (keyword, rule) in keywords {
      switch keyword {
      case "$schema", "$id", "title", "description", "$defs": break
      case "$ref":
        let name = rule.text?.split(separator: "/").last.map(String.init) ?? ""
        let target = "#/$defs/\(name)"
        guard rule.text == target, root["$defs"].has(name) else {
          found.append("\(place): \(rule) leads nowhere")
          continue
        }
        found += failures(value, root["$defs"][name], at: path, target, &seen)
      case "anyOf", "oneOf":
        found += alternatives(
          value, rule, isOne: keyword == "oneOf", path, "\(place)/\(keyword)", &seen)
      case "properties":
        guard case .object(let members) = value, case .object(let properties) = rule else {
          continue
        }
        for (name, member) in members {
          guard let schema = properties[name] else { continue }
          let inner = "\(place)/properties/\(name)"
          seen.insert(inner)
          found += failures(member, schema, at: "\(path)/\(name)", inner, &seen)
        }
      case "additionalProperties":
        guard rule == false, case .object(let members) = value else { continue }
        for name in members.keys where !schema.properties.has(name) {
          found.append("\(path) has '\(name)', which the schema lacks")
        }
      case "required":
        guard case .object = value else { continue }
        for name in rule.values where !value.has(name.text ?? "") {
          found.append("\(path) lacks '\(name.text ?? "")'")
        }
      case "items":
        for (index, item) in value.values.enumerated() {
          found += failures(item, rule, at: "\(path)/\(index)", "\(place)/items", &seen)
        }
      default:
        if let failure = Self.failure(value, keyword, rule) { found.append("\(path) \(failure)") }
      }
    }
    return found
  }

  private func alternatives(
    _ value: JSON, _ rule: JSON, isOne: Bool, _ path: String, _ place: String,
    _ seen: inout Set<String>
  ) -> [String] {
    var matching = 0
    var all: [String] = []
    for (index, schema) in rule.values.enumerated() {
      var inner: Set<String> = []
      let failures = failures(value, schema, at: path, "\(place)/\(index)", &inner)
      if failures.isEmpty {
        matching += 1
        seen.formUnion(inner)
      }
      all += failures
    }
    if matching == 0 { return all }
    return isOne && matching > 1 ? ["\(path) matches \(matching) alternatives"] : []
  }

  /// Why a value breaks the rule of a keyword without inner schemas; nil if it does not.
  private static func failure(_ value: JSON, _ keyword: String, _ rule: JSON) -> String? {
    switch keyword {
    case "type":
      let types = rule.text.map { [$0] } ?? rule.values.compactMap(\.text)
      return types.contains { isOf(value, $0) } ? nil : "is not \(types.joined(separator: " or "))"
    case "const": return value == rule ? nil : "is not \(rule)"
    case "enum": return rule.values.contains(value) ? nil : "is not one of \(rule.values)"
    case "minimum":
      guard let number = value.double, let least = rule.double else { return nil }
      return number >= least ? nil : "is below \(least)"
    case "maximum":
      guard let number = value.double, let most = rule.double else { return nil }
      return number <= most ? nil : "is above \(most)"
    case "pattern":
      guard let text = value.text, let pattern = rule.text else { return nil }
      guard let regex = try? Regex(pattern) else { return "has a wrong pattern" }
      return text.contains(regex) ? nil : "does not match \(pattern)"
    default: return "has a rule of the unknown keyword '\(keyword)'"
    }
  }

  private static func isOf(_ value: JSON, _ type: String) -> Bool {
    switch (value, type) {
    case (.null, "null"), (.boolean, "boolean"), (.integer, "integer"), (.integer, "number"),
      (.number, "number"), (.string, "string"), (.array, "array"), (.object, "object"):
      true
    default: false
    }
  }
}
