import Glibc
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@Suite("The parser of /proc/PID/status")
struct ProcessStatusTests {
  private static let text = """
    Name:\tcat
    State:\tS (sleeping)
    Uid:\t1000\t1001\t1002\t1003
    VmLck:\t      64 kB
    VmPin:\t       8 kB
    CapEff:\t0000000000004000
    """

  @Test("each field is parsed")
  func fields() {
    let status = ProcessStatus(parsing: bytes(Self.text))
    #expect(status.name == "cat")
    #expect(status.user == 1000)
    #expect(status.wired == 64 << 10)
    #expect(status.pinned == 8 << 10)
    #expect(status.hasEffective(.ipcLock))
    #expect(!status.hasEffective(.sysAdmin))
  }

  @Test(
    "each capability is recognized by its bit",
    arguments: [
      (ProcessStatus.Capability.ipcLock, 14), (.sysPtrace, 19), (.sysAdmin, 21), (.sysResource, 24),
    ])
  func capabilities(_ capability: ProcessStatus.Capability, _ bit: Int) {
    let only = ProcessStatus(parsing: bytes("CapEff: \(String(1 << bit, radix: 16))"))
    let others = ProcessStatus(
      parsing: bytes("CapEff: \(String(~(1 << bit) & 0xFFFF_FFFF, radix: 16))"))
    #expect(only.hasEffective(capability))
    #expect(!others.hasEffective(capability))
  }

  @Test("missing or malformed fields are nil, and no capability is assumed")
  func broken() {
    let status = ProcessStatus(
      parsing: bytes("Uid: 99999999999\nVmLck: some\nCapEff: zz\nVmPin: 1 2 3"))
    #expect(status.name == nil)
    #expect(status.user == nil)
    #expect(status.wired == nil)
    #expect(status.pinned == nil)
    #expect(!status.hasEffective(.ipcLock))
    #expect(ProcessStatus(parsing: []).wired == nil)
  }

  @Test("the status of this process has its own values")
  func current() throws {
    let status = ProcessStatus(parsing: try FileSystem.contents(of: "/proc/self/status"))
    #expect(status.user == getuid())
    #expect(status.wired != nil)
    #expect(status.name?.isEmpty == false)
  }

  @Test("no text makes the parser trap")
  func random() throws {
    var generator = SeededGenerator(seed: 0x57A7)
    var known = 0
    for _ in 0..<20_000 {
      let status = ProcessStatus(parsing: generator.input(like: bytes(Self.text)))
      if let wired = status.wired {
        known += 1
        try #require(wired >= 0)
      }
    }
    #expect((1_000..<20_000).contains(known), "known in \(known)")
  }
}
