import Glibc
import ShmCore
import ShmTestSupport
import Testing

@testable import ShmInspection

@Suite("printable names")
struct DisplayNameTests {
  @Test("a name with control characters and invalid UTF-8 is shown escaped, and keeps its bytes")
  func escaped() throws {
    let odd = Array("shmtool-test-\(getpid())-\u{1B}[2J".utf8) + [0xFF]
    let name = try RegionName(bytes: odd)
    let shown = "shmtool-test-\(getpid())-\\x1b[2J\\xff"
    #expect(name.displayName == shown)
    let region = try Region.create(.posix(name), size: page)
    defer { try? region.unlink() }
    let child = try Child(["sleep", "30"], descriptors: [region.rawDescriptor])
    defer {
      child.send(SIGKILL)
      _ = try? child.wait()
    }
    let entry = try #require(
      try RegionInventory.posixObjects().entries.first { $0.name == odd })
    #expect(entry.displayName == shown)
    let scan = try RegionUsers.scan(for: [region.status().identity])
    let user = try #require(
      scan.users(of: try region.status().identity).first { $0.process == child.identifier })
    #expect(user.displayName == String(decoding: user.command, as: UTF8.self))
    let line = Array("7f00-8f00 rw-s 00000000 00:1b 42    /dev/shm/".utf8) + odd
    #expect(ProcessMap(parsing: line[...])?.displayName == "/dev/shm/" + shown)
  }
}
