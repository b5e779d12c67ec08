import ShmTestSupport
import Testing

@Suite("the JSON parser of the tests")
struct JSONTests {
  private func value(_ text: String) throws -> JSON { try JSON(text.utf8) }

  @Test("values of every kind are read")
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
    "a text that is not JSON is an error", arguments: ["", "{", #"{"a"}"#, "nul", "1 2", "'a'"])
  func wrong(_ text: String) {
    #expect(throws: JSON.Failure.self) { try JSON(text.utf8) }
  }

  @Test("a report has the number of the schema, and keys in snake_case")
  func reports() throws {
    #expect(try JSON(report: #"{"schema":1,"a_b":[{"c1":2}]}"#.utf8).a_b[0].c1 == 2)
    for text in [
      "[]", "{}", #"{"schema":"1"}"#, #"{"schema":0}"#, #"{"schema":1,"aB":1}"#,
      #"{"schema":1,"a":[{"B":1}]}"#,
    ] {
      #expect(throws: JSON.Failure.self, "\(text)") { try JSON(report: text.utf8) }
    }
    #expect(throws: JSON.Failure.self) { try JSON([0x22, 0xFF, 0x22]) }
  }
}
