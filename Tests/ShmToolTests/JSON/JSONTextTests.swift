import Glibc
import ShmTestSupport
import Testing

@testable import shmtool

@Suite("The text of JSON")
struct JSONTextTests {
  private struct Row: Encodable {
    let zulu: Int
    let alphaBravo: Unknowable<String>
    let charlieDeltaEcho: [Bool]
  }

  private struct Number<Value: Encodable>: Encodable {
    let number: Value
  }

  private func text(_ value: some Encodable) throws -> String {
    try JSONText.encode(Number(number: value))
  }

  @Test("keys are in snake_case and sorted, on one line")
  func keys() throws {
    let row = Row(zulu: 1, alphaBravo: Unknowable(nil), charlieDeltaEcho: [true, false])
    #expect(
      try JSONText.encode([row])
        == #"[{"alpha_bravo":null,"charlie_delta_echo":[true,false],"zulu":1}]"#)
    #expect(try JSONText.encode([Int]()) == "[]")
  }

  @Test(
    "strings are escaped as JSON requires",
    arguments: [
      ("a", #""a""#), ("", #""""#), ("a\"b\\c/d", #""a\"b\\c/d""#),
      ("\n\r\t\0\u{1F}", #""\n\r\t\u0000\u001f""#), ("\u{8}\u{B}\u{C}", #""\b\u000b\f""#),
      ("é😀", #""é😀""#), ("\u{202E}\u{7F}", #""\u202e\u007f""#),
    ])
  func strings(_ string: String, _ expected: String) throws {
    let text = try text(string)
    #expect(text == #"{"number":\#(expected)}"#)
    #expect(try JSON(text.utf8).number.text == string)
  }

  /// Numbers up to the largest one and beyond it.
  private static let boundaries: [(number: Int, text: String)] = [
    (0, "0"), (-1, "-1"), (9_007_199_254_740_991, "9007199254740991"),
    (9_007_199_254_740_992, #""9007199254740992""#),
    (-9_007_199_254_740_991, "-9007199254740991"),
    (-9_007_199_254_740_992, #""-9007199254740992""#),
    (Int.max, #""9223372036854775807""#), (Int.min, #""-9223372036854775808""#),
  ]

  @Test("an integer above 2^53 - 1 is printed as a string", arguments: boundaries)
  func integers(_ number: Int, _ expected: String) throws {
    #expect(try text(number) == #"{"number":\#(expected)}"#)
    #expect(try text(Int64(number)) == #"{"number":\#(expected)}"#)
    #expect(try text([Unknowable(number)]) == #"{"number":[\#(expected)]}"#)
  }

  @Test("all types of numbers follow this rule")
  func kinds() throws {
    #expect(try text(UInt64.max) == #"{"number":"18446744073709551615"}"#)
    #expect(try text(UInt32.max) == #"{"number":4294967295}"#)
    #expect(try text(Int32.min) == #"{"number":-2147483648}"#)
    for (number, expected) in [
      (0.5, "0.5"), (2, "2"), (-1.25, "-1.25"), (1e-300, "1e-300"),
      (0.1 + 0.2, "0.30000000000000004"),
      (-4_503_599_627_370_495.5, "-4503599627370495.5"),
      (9_007_199_254_740_991, "9007199254740991"), (9_007_199_254_740_992, #""9007199254740992""#),
      (-9_007_199_254_740_992, #""-9007199254740992""#), (1e300, #""1e+300""#),
      (-.greatestFiniteMagnitude, #""-1.7976931348623157e+308""#),
    ] as [(Double, String)] {
      #expect(try text(number) == #"{"number":\#(expected)}"#)
    }
    for number in [Double.nan, .infinity, -.infinity] {
      #expect(throws: EncodingError.self) { try text(number) }
    }
  }

  @Test("a large number becomes a string at any place; strings and keys remain")
  func places() throws {
    let large: UInt64 = 9_007_199_254_740_993
    #expect(
      try text([large, 1, large])
        == #"{"number":["9007199254740993",1,"9007199254740993"]}"#)
    #expect(try JSONText.encode(large) == #""9007199254740993""#)
    #expect(
      try text(["9007199254740993": large, "a": 7])
        == #"{"number":{"9007199254740993":"9007199254740993","a":7}}"#)
    for string in [
      "9007199254740993", "\":9007199254740993,", #"\":-9007199254740993}"#, #"\\"#, "1e300",
      "[1e300]",
    ] {
      let encoded = try text([string, "\(large)"])
      #expect(try JSON(encoded.utf8).number.values.map(\.text) == [string, "\(large)"])
      #expect(encoded.hasSuffix(#","9007199254740993"]}"#))
    }
  }

  @Test(
    "only numbers of JSON text are quoted",
    arguments: [
      ("", ""), ("[]", "[]"), ("-9007199254740992", #""-9007199254740992""#),
      ("[0,-0,9007199254740991,true,null]", "[0,-0,9007199254740991,true,null]"),
      (
        #"{"a\"9007199254740993":9007199254740993}"#, #"{"a\"9007199254740993":"9007199254740993"}"#
      ),
      (#"["\\",1E+16,1e16,1e15]"#, #"["\\","1E+16","1e16",1e15]"#),
      (
        "[0.00000000000000000001,123456789012345.25]", "[0.00000000000000000001,123456789012345.25]"
      ),
    ])
  func quoting(_ json: String, _ expected: String) {
    #expect(
      String(decoding: JSONText.quotingLargeNumbers(Array(json.utf8)), as: UTF8.self) == expected)
  }

  @Test("values of other types encode themselves")
  func nested() throws {
    #expect(try text(["b": 1, "a": 2]) == #"{"number":{"a":2,"b":1}}"#)
    #expect(try text([[RawText("x")], []]) == #"{"number":[["x"],[]]}"#)
  }

  @Test(
    "the arguments --json and -J request JSON",
    arguments: [
      ("list --json", true), ("list -J", true), ("fill x -qJ", true), ("fill x -Jq --zero", true),
      ("list", false), ("list --jsonx", false), ("remove J", false), ("read -o J", false),
      ("copy - J", false), ("fill --J", false),
    ])
  func requests(_ words: String, _ isJSON: Bool) {
    #expect(JSONRequest.isIn(words.split(separator: " ").map(String.init)) == isJSON)
  }
}
