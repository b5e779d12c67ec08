import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@Suite("Names of regions")
struct RegionNameTests {
  @Test("a name with and without its slash is the same name", arguments: ["cache", "/cache"])
  func slash(_ text: String) throws {
    let name = try RegionName(text)
    #expect(name.bytes == Array("cache".utf8))
    #expect(name.path == "/dev/shm/cache")
    #expect(name.sharedMemoryName == "/cache")
    #expect(name.description == "cache")
  }

  @Test("composed and decomposed letters are different names")
  func canonicalForms() throws {
    #expect(try RegionName("\u{E9}") != RegionName("e\u{301}"))
    #expect(try RegionName("\u{E9}").path != RegionName("e\u{301}").path)
  }

  @Test(
    "a name can have any byte except a slash and NUL",
    arguments: ["a b", "-x", "...", ".hidden", "a\nb", "\u{1B}[31m", "日本", "file:", "\\", "\r\n"])
  func allowed(_ text: String) throws {
    let name = try RegionName(text)
    #expect(name.bytes == Array(text.utf8))
    #expect(name.path.string.utf8.elementsEqual("/dev/shm/\(text)".utf8))
  }

  @Test("a name is printed as a word of a shell")
  func shown() throws {
    let name = try RegionName("a\u{1B}\n\u{202E}")
    #expect(name.description == "$'a\\x1b\\n\\xe2\\x80\\xae'")
  }

  @Test("a name can have bytes that are not UTF-8")
  func bytesOnly() throws {
    let name = try RegionName(bytes: [0x2F, 0x61, 0xFF, 0xC3])
    #expect(name.bytes == [0x61, 0xFF, 0xC3])
    #expect(name.path.bytes == bytes("/dev/shm/a") + [0xFF, 0xC3])
    #expect(name.sharedMemoryName.bytes == bytes("/a") + [0xFF, 0xC3])
  }

  @Test("a name can have NAME_MAX bytes", arguments: [1, 254, 255])
  func longest(_ length: Int) throws {
    let name = String(repeating: "x", count: length)
    #expect(try RegionName("/" + name).bytes.count == length)
  }

  @Test(
    "invalid names are usage errors",
    arguments: [
      "", "/", ".", "..", "/.", "/..", "a/b", "//a", "a/", "a\0b", "\0",
      String(repeating: "x", count: 256), String(repeating: "é", count: 128),
      String(repeating: "x", count: 4096),
    ])
  func refused(_ text: String) {
    let refusal = error(.usage) { _ = try RegionName(text) }
    #expect(refusal?.errorNumber == nil)
    #expect(refusal.map { $0.description.utf8.count < 400 } == true, "the name is cut short")
  }
}
