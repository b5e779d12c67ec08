import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@Suite("Lines of /proc/PID/maps")
struct ProcessMapTests {
  @Test("lines of the kernel's format are parsed")
  func line() throws {
    let text =
      "7f1c2a000000-7f1c2a400000 rw-s 00200000 00:1b 1234                       /dev/shm/a b"
    let map = try #require(ProcessMap(parsing: bytes(text)[...]))
    #expect(map.addresses == 0x7f1c_2a00_0000..<0x7f1c_2a40_0000)
    #expect(map.isReadable)
    #expect(map.isWritable)
    #expect(map.isShared)
    #expect(map.offset == 0x20_0000)
    #expect(map.identity == RegionIdentity(device: 0x1B, inode: 1234))
    #expect(map.path == bytes("/dev/shm/a b"))
  }

  @Test("private and read-only mappings are distinguished from shared and writable ones")
  func permissions() throws {
    let map = try #require(ProcessMap(parsing: bytes("0-1000 r--p 0 00:00 0")[...]))
    #expect(map.isReadable)
    #expect(!map.isWritable)
    #expect(!map.isShared)
    #expect(map.path.isEmpty)
    let none = try #require(ProcessMap(parsing: bytes("0-1000 ---p 0 00:00 0 ")[...]))
    #expect(!none.isReadable)
  }

  @Test(
    "device numbers equal those of makedev(3)",
    arguments: [
      ("00:1b", 0x1B), ("08:01", 0x801), ("103:12345", 0x1231_0345), ("fff:fffff", 0xFFFF_FFFF),
      ("12345:1", 0x1_2000_0003_4501),
    ] as [(String, UInt64)])
  func device(_ shown: String, _ number: UInt64) throws {
    let text = "0-1 r--p 0 \(shown) 5 /x"
    let map = try #require(ProcessMap(parsing: bytes(text)[...]))
    #expect(map.identity.device == number)
  }

  @Test(
    "malformed lines are ignored",
    arguments: [
      "", " ", "x", "0-1", "0-1 r--p", "0-1 r--p 0", "0-1 r--p 0 0:0", "1-0 r--p 0 0:0 0",
      "0-1 r-- 0 0:0 0", "0-1 r--ps 0 0:0 0", "0 1 r--p 0 0:0 0", "0-1 r--p g 0:0 0",
      "0-1 r--p 0 00 0", "0-1 r--p 0 0:0 -1", "0-1 r--p 0 0:0 x", "0-1 r--p 0 100000000:0 1",
      "0-1 r--p 0 0:100000000 1", "0-10000000000000000 r--p 0 0:0 0", "-1 r--p 0 0:0 0",
      "0- r--p 0 0:0 0", "0-1 r--p 0 0:0 9223372036854775808", "VmFlags: rd wr",
    ])
  func malformed(_ text: String) {
    #expect(ProcessMap(parsing: bytes(text)[...]) == nil)
  }

  @Test("every line of this process's maps is parsed")
  func everyLine() throws {
    let lines = ProcText.lines(try FileSystem.contents(of: "/proc/self/maps"))
    #expect(lines.count > 10)
    for line in lines {
      let map = try #require(ProcessMap(parsing: line), "\(String(decoding: line, as: UTF8.self))")
      #expect(!map.addresses.isEmpty)
      #expect(map.identity.inode == 0 || map.path.first == UInt8(ascii: "/"))
    }
  }

  @Test("no line makes the parser trap, and a parsed line can be written and parsed again")
  func random() throws {
    var generator = SeededGenerator(seed: 0x3A95)
    let sample = bytes("7f1c2a000000-7f1c2a400000 rw-s 00200000 00:1b 1234   /dev/shm/a")
    var parsed = 0
    for _ in 0..<20_000 {
      guard let map = ProcessMap(parsing: generator.input(like: sample)[...]) else { continue }
      parsed += 1
      let (device, addresses) = (map.identity.device, map.addresses)
      let major = (device >> 8 & 0xFFF) | (device >> 32 & ~0xFFF)
      let minor = (device & 0xFF) | (device >> 12 & 0xFFFF_FF00)
      let text =
        "\(hex(addresses.lowerBound))-\(hex(addresses.upperBound)) "
        + "\(map.isReadable ? "r" : "-")\(map.isWritable ? "w" : "-")-\(map.isShared ? "s" : "p") "
        + "\(hex(map.offset)) \(hex(major)):\(hex(minor)) \(map.identity.inode) "
      try #require(ProcessMap(parsing: (bytes(text) + map.path)[...]) == map)
    }
    #expect((1_000..<20_000).contains(parsed), "parsed \(parsed)")
  }

  private func hex(_ value: UInt64) -> String { String(value, radix: 16) }
}
