import ShmTestSupport
import Testing

@Suite("the JSON parser of the tests")
struct JSONTests {
  private func value(_ text: String) throws -> JSON { try JSON(text.utf8) }

  @Test("values of every type are parsed")
  func kinds() throws {
    let read = try value(
      #" {"a": [1, -2.25, true, null], "b": {"c": "é\n\u00e9\ud83d\ude00\"\\\/"}} "#)
    #expect(read.a == [1, .number(-2.25), true, .null])
    #expect(read.b.c == "é\né😀\"\\/")
    #expect(read.has("a") && !read.has("c") && read.c == .null && read.a[7] == .null)
    #expect(try value("[]").values.isEmpty && value("{}") == .object([:]))
    #expect(try value("9223372036854775807").integer == Int.max)
  }

  @Test(
    "invalid JSON is an error", arguments: ["", "{", #"{"a"}"#, "nul", "1 2", "'a'"])
  func wrong(_ text: String) {
    #expect(throws: JSON.Failure.self) { try JSON(text.utf8) }
  }

  @Test("a report is one line, of schema 2, with known keys and exact numbers")
  func reports() throws {
    let report = #"{"action":"resize","region":"a","schema":2,"seconds":0.5,"size":8192}"#
    #expect(try JSON(report: (report + "\n").utf8).size == 8192)
    #expect(
      try JSON(report: report.replacing("8192", with: #""9223372036854775807""#).utf8).size
        == "9223372036854775807")
    for text in [
      "[]", "{}", report.replacing(":2,", with: ":1,"), report.replacing("8192", with: "-1"),
      report.replacing("8192", with: "9007199254740992"), report.replacing("8192", with: "null"),
      report.replacing(",", with: ",\n"), report + "\n\n",
      report.replacing("resize", with: "unknown"), report.replacing("size\":8", with: "bytes\":8"),
      report.replacing("{", with: #"{"extra":1,"#), report.replacing("0.5", with: #""0.5""#),
    ] {
      #expect(throws: JSON.Failure.self, "\(text)") { try JSON(report: text.utf8) }
    }
    #expect(throws: JSON.Failure.self) { try JSON([0x22, 0xFF, 0x22]) }
  }

  @Test(
    "a schema is checked by each of its keywords",
    arguments: [
      (#"{"type":"integer"}"#, "1", #""1""#), (#"{"type":"number"}"#, "1.5", "null"),
      (#"{"type":["string","null"]}"#, "null", "1"), (#"{"const":"a"}"#, #""a""#, #""b""#),
      (#"{"enum":["a","b"]}"#, #""b""#, "1"), (#"{"minimum":2}"#, "2", "1"),
      (#"{"maximum":2}"#, "2", "3"), (#"{"pattern":"^0x[0-9a-f]+$"}"#, #""0xa""#, #""x0xg""#),
      (#"{"items":{"type":"boolean"}}"#, "[true]", "[true,1]"),
      (#"{"required":["a"]}"#, #"{"a":1}"#, #"{"b":1}"#),
      (#"{"properties":{"a":{"const":1}}}"#, #"{"a":1,"b":2}"#, #"{"a":2}"#),
      (#"{"properties":{"a":{}},"additionalProperties":false}"#, #"{"a":1}"#, #"{"b":1}"#),
      (#"{"anyOf":[{"const":1},{"const":2}]}"#, "2", "3"),
      (#"{"oneOf":[{"minimum":1},{"minimum":5}]}"#, "2", "6"),
      (##"{"$ref":"#/$defs/a","$defs":{"a":{"const":1}}}"##, "1", "2"),
    ])
  func keywords(_ schema: String, _ good: String, _ bad: String) throws {
    let schema = JSONSchema(try value(schema))
    #expect(throws: Never.self) { try schema.check(try value(good)) }
    #expect(throws: JSON.Failure.self) { try schema.check(try value(bad)) }
  }

  @Test("an unknown keyword of a schema is a failure")
  func unknownKeywords() throws {
    let schema = JSONSchema(try value(#"{"maxLength":1}"#))
    #expect(throws: JSON.Failure.self) { try schema.check("a") }
  }

  @Test("properties of a value and of a schema have the same pointers")
  func pointers() throws {
    let schema = JSONSchema(
      try value(
        ##"{"properties":{"a":{"$ref":"#/$defs/x"},"b":{"items":{"properties":{"c":{}}}}},"$defs":{"x":{"anyOf":[{"properties":{"d":{}}},{"type":"null"}]}}}"##
      ))
    let all = schema.properties
    #expect(
      all == [
        "#/properties/a", "#/properties/b", "#/properties/b/items/properties/c",
        "#/$defs/x/anyOf/0/properties/d",
      ])
    #expect(try schema.check(try value(#"{"a":{"d":1},"b":[{"c":2}]}"#)) == all)
    #expect(try schema.check(try value(#"{"a":null}"#)) == ["#/properties/a"])
  }
}
