import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@Suite("References to regions")
struct RegionReferenceTests {
  @Test("a name with or without its slash is the POSIX object", arguments: ["cache", "/cache"])
  func posix(_ text: String) throws {
    let reference = try RegionReference(text)
    #expect(reference == .posix(try RegionName("cache")))
    #expect(reference.path == "/dev/shm/cache")
    #expect(reference.description == "cache")
  }

  @Test(
    "a name with a second slash is the path of a file",
    arguments: [
      ("/mnt/huge/x", "/mnt/huge/x"), ("./x", "./x"), ("a/b", "a/b"),
      ("file:x", "x"), ("file:/x", "/x"), ("file:pid:1:2", "pid:1:2"), ("file:./x", "./x"),
    ])
  func file(_ text: String, _ path: FilePath) throws {
    let reference = try RegionReference(text)
    #expect(reference == .file(path))
    #expect(reference.path == path)
  }

  @Test(
    "pid:PID:FD is a descriptor of a process",
    arguments: [("pid:1:0", 1, 0), ("pid:2147483647:2147483647", Int32.max, Int32.max)])
  func descriptor(_ text: String, _ process: Int32, _ number: Int32) throws {
    let reference = try RegionReference(text)
    #expect(reference == .descriptor(process: process, number: number))
    #expect(reference.path == FilePath("/proc/\(process)/fd/\(number)"))
    #expect(reference.description == text)
  }

  @Test("sysv:ID is a System V segment, which has no path", arguments: [0, 7, Int32.max])
  func systemV(_ identifier: Int32) throws {
    let reference = try RegionReference("sysv:\(identifier)")
    #expect(reference == .systemV(identifier))
    #expect(reference.path == nil)
    #expect(reference.description == "sysv:\(identifier)")
  }

  @Test("a prefix is compared by bytes, not by canonical equivalence")
  func prefixByBytes() throws {
    // A combining mark after the colon forms one character with it, but belongs to the path.
    #expect(try RegionReference("file:\u{301}x") == .file("\u{301}x"))
  }

  @Test(
    "malformed references are usage errors",
    arguments: [
      "", "/", ".", "..", "file:", "file:/", "file:a/", "file:.", "file:a/..", "a/.", "a/", "a//",
      "/mnt/..", "file:a\0b", "a\0b", "a/\0",
      "pid:", "pid:1", "pid:1:", "pid::1", "pid:0:1", "pid:-1:1", "pid:1:-1", "pid:1:2:3",
      "pid:+1:1", "pid:1: 2", "pid:x:1", "pid:1:x", "pid:2147483648:1", "pid:1:2147483648",
      "pid:99999999999999999999999:1", "pid:1:\u{661}",
      "stream:", "stream:x", "bytes:", "bytes:%4", "bytes:%zz", "bytes:bytes%3Ax", "bytes:a%00",
      "sysv:", "sysv:x", "sysv:-1", "sysv:2147483648", "sysv:1:2", "sysv: 1",
      String(repeating: "x", count: 256), "file:" + String(repeating: "x", count: 256),
      "/" + String(repeating: "x/", count: 2100) + "x",
    ])
  func malformed(_ text: String) {
    error(.usage) { _ = try RegionReference(text) }
  }

  @Test("the longest path has 4095 bytes", arguments: [4094, 4095, 4096])
  func longestPath(_ length: Int) throws {
    let path = String(repeating: "/x", count: length / 2) + (length % 2 == 0 ? "" : "x")
    if length < 4096 {
      #expect(try RegionReference(path) == .file(FilePath(path)))
    } else {
      error(.usage) { _ = try RegionReference(path) }
    }
  }

  @Test("the printed form is safe for a terminal")
  func shown() throws {
    #expect(try RegionReference("./a\u{1B}[m").description == "$'./a\\x1b[m'")
  }

  @Test(
    "an ambiguous name is printed in an explicit form",
    arguments: [
      ("cache", "cache"), ("/file:x", "/file:x"), ("/pid:1:3", "/pid:1:3"), ("/sysv:5", "/sysv:5"),
      ("/stream:x", "/stream:x"), ("/bytes:x", "/bytes:x"), ("/-q", "/-q"), ("/-", "/-"),
      ("a@host", "a@host"), ("/a@1", "bytes:/a%401"), ("/1@0x2", "bytes:/1%400x2"),
      ("a@1@b", "a@1@b"), ("/a@b@2K", "bytes:/a%40b%402K"), ("file:x", "file:x"),
      ("file:/x", "file:/x"), ("file:./x", "./x"), ("file:/mnt/x", "/mnt/x"),
      ("file:a/../b", "file:a/../b"), ("file:-x/y", "file:-x/y"),
      ("/mnt/x@7", "bytes:file:/mnt/x%407"), ("file:file:x/y", "file:file:x/y"),
      ("pid:7:3", "pid:7:3"), ("sysv:0", "sysv:0"), ("bytes:a%0ab", "a\nb"),
    ])
  func explicit(_ given: String, _ argument: String) throws {
    let reference = try RegionReference(given)
    #expect(reference.argument == bytes(argument))
    #expect(try RegionReference(bytes: reference.argument) == reference)
    #expect(try RegionReference(reference.text) == reference)
  }

  @Test("a name that is not UTF-8 is percent-encoded in text")
  func encoded() throws {
    let reference = try RegionReference(bytes: [0x61, 0xFF])
    #expect(reference.argument == [0x61, 0xFF])
    #expect(reference.text == "bytes:a%FF")
    #expect(try RegionReference(reference.text) == reference)
  }

  @Test("a reference keeps any bytes of a name, and its end is never parsed as an offset")
  func leadsBack() throws {
    var generator = SeededGenerator(seed: 0x5EED_0002)
    let samples = [
      "pid:12:34", "file:/a", "sysv:77", "a@4K", "1@0x2", "-x", "bytes:%41", "stream:a",
    ]
    var tried = 0
    for index in 0..<20_000 {
      let name = generator.input(like: bytes(samples[index % samples.count]))
      guard !name.contains(UInt8(ascii: "/")), let valid = try? RegionName(bytes: bytes("/") + name)
      else { continue }
      tried += 1
      let reference = RegionReference.posix(valid)
      try #require(try RegionReference(bytes: reference.argument) == reference, "\(name)")
      try #require(try RegionReference(reference.text) == reference, "\(name)")
      try #require(reference.argument.first != UInt8(ascii: "-"))
      let end = reference.argument.split(
        separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
      try #require(end.count == 1 || !(end.last?.first.map { (0x30...0x39).contains($0) } ?? false))
    }
    #expect(tried > 10_000)
  }

  @Test("any text is a reference or a usage error, and never a trap")
  func random() throws {
    var generator = SeededGenerator(seed: 0x5EED_0001)
    let samples = ["pid:12:34", "file:/a/b", "sysv:77", "/mnt/x", "name"].map { bytes($0) }
    var accepted = 0
    for index in 0..<20_000 {
      let input = generator.input(like: samples[index % samples.count])
      let text = String(decoding: input, as: UTF8.self)
      do {
        let reference = try RegionReference(text)
        accepted += 1
        try #require(!reference.description.isEmpty)
        if case .posix(let name) = reference { try #require((1...255).contains(name.bytes.count)) }
      } catch let error as ShmError {
        try #require(error.kind == .usage)
      }
    }
    #expect((5_000..<20_000).contains(accepted), "both answers must occur: \(accepted)")
  }
}
