import ShmCore
import ShmTestSupport
import Testing

@testable import shmtool

@Suite("JSON Schemas")
struct JSONSchemaTests {
  @Test("a schema exists for the error line and for each command that reports")
  func names() {
    #expect(
      JSONSchema.names == [
        "advise", "bench", "copy", "create", "error", "fill", "inspect", "limits", "list", "map",
        "read",
        "recv",
        "remove", "resize", "seal", "send", "unwire", "verify", "wait", "wire", "write",
      ])
  }

  @Test("schemas allow no other keys, and require only defined keys", arguments: JSONSchema.names)
  func closed(_ name: String) throws {
    let schema = try JSONSchema(named: name)
    #expect(schema.root["$schema"] == "https://json-schema.org/draft/2020-12/schema")
    #expect(schema.root["$id"] == "urn:shmtool:schema:2:\(name)")
    objects(schema.root) { object in
      #expect(object.additionalProperties == false, "\(object)")
      for key in object.required.values { #expect(object.properties.has(key.text ?? "")) }
    }
  }

  @Test("definitions of the same name are equal in all schemas")
  func shared() throws {
    var known: [String: JSON] = [:]
    for name in JSONSchema.names {
      guard case .object(let definitions) = try JSONSchema(named: name).root["$defs"] else {
        continue
      }
      for (key, definition) in definitions {
        #expect(known[key] == nil || known[key] == definition, "\(key) in \(name)")
        known[key] = definition
      }
    }
  }

  @Test("the schema of errors lists all codes")
  func codes() throws {
    let codes = try JSONSchema(named: "error").root["$defs"].error.properties.code.enum.values
      .compactMap(\.text)
    let kinds = ExitStatus.table.flatMap(\.kinds) + [.interrupted, .commandFailed]
    #expect(Set(codes) == Set(kinds.map(\.name)) && codes.count == kinds.count)
  }

  @Test(
    "another implementation accepts the schemas and the reports",
    .enabled("needs python3-jsonschema") {
      await Python.has(module: "jsonschema")
    })
  func independent() async throws {
    let name = TestName()
    try await Python.test(named: name, JSONSchema.directory)
  }

  private func objects(_ schema: JSON, _ body: (JSON) throws -> Void) rethrows {
    switch schema {
    case .object(let members):
      if schema.has("properties") { try body(schema) }
      for (key, value) in members {
        // The names of properties are no keywords.
        if key == "properties", case .object(let properties) = value {
          for schema in properties.values { try objects(schema, body) }
        } else {
          try objects(value, body)
        }
      }
    case .array(let values): for value in values { try objects(value, body) }
    default: break
    }
  }
}
