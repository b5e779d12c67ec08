import ShmCore
import ShmTestSupport
import Testing

@Suite("Names of regions")
struct RegionNameTests {
  @Test("with and without a slash mean the same", arguments: ["cache", "/cache"])
  func slash(_ text: String) throws {
    #expect(try RegionName(text).bytes == Array("cache".utf8))
  }

  @Test("composed and decomposed letters are two names")
  func bytes() throws {
    #expect(try RegionName("\u{E9}") != RegionName("e\u{301}"))
  }

  @Test(
    "that cannot be are usage errors",
    arguments: ["", "/", ".", "..", "a/b", "//a", "a\0b", String(repeating: "x", count: 256)])
  func refused(_ text: String) {
    #expect { try RegionName(text) } throws: { ($0 as? ShmError)?.code == .usage }
  }
}
