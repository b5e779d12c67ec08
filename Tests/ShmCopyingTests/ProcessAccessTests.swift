import CShm
import Glibc
import ShmTestSupport
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("Errors of access to another process's memory")
struct ProcessAccessTests {
  @Test("an error names the cause of a refused access, and the remedy")
  func causes() {
    func sentence(
      itself: Bool = true, inspected: Bool = true, yama: Int? = nil, owner: UInt32? = geteuid()
    ) -> String {
      let access = ProcessAccess(
        worksOnItself: itself, mayBeInspected: inspected, yamaScope: yama, owner: owner)
      let failure = ProcessMemoryFailure(access.cause, 42, 0x1000, errorNumber: EPERM)
      let error = failure.error("cannot copy")
      #expect(error.kind == .notPermitted)
      return error.description
    }
    #expect(sentence(itself: false, inspected: false, yama: 1).contains("a sandbox refuses"))
    #expect(
      sentence(itself: false)
        .contains("; allow process_vm_readv and process_vm_writev in the sandbox"))
    #expect(sentence(inspected: false, yama: 1).contains("process 42 has different privileges"))
    #expect(sentence(inspected: false, owner: 4711).contains("process 42 belongs to uid 4711"))
    #expect(sentence(inspected: false, owner: nil).contains("process 42 is not visible here"))
    #expect(sentence(yama: 1).hasSuffix("; run as root, or start that process from this one"))
    #expect(sentence(yama: 1).contains("only an ancestor of process 42"))
    #expect(sentence(yama: 2).contains("requires CAP_SYS_PTRACE"))
    #expect(sentence(yama: 3).hasSuffix("until the next boot (kernel.yama.ptrace_scope is 3)"))
    #expect(sentence(yama: 0).contains("AppArmor"))
    #expect(sentence().contains("AppArmor"))
  }

  @Test("an error about an unmapped address names the nearest mapping below or above it")
  func nearest() {
    let lines = [
      "1000-2000 r--p 00000000 00:00 0 ", "5000-6000 rw-s 00000000 00:01 7 /dev/shm/a\u{1B}b",
    ]
    let maps = lines.compactMap { ProcessMap(parsing: Array($0.utf8)[...]) }
    #expect(maps.count == 2)
    #expect(ProcessMap.nearest(to: 0x1800, in: maps) == maps[0])
    #expect(ProcessMap.nearest(to: 0x2000, in: maps) == maps[0])
    #expect(ProcessMap.nearest(to: 0x4fff, in: maps) == maps[1])
    #expect(ProcessMap.nearest(to: 0, in: maps) == maps[0])
    #expect(ProcessMap.nearest(to: .max, in: maps) == maps[1])
    #expect(ProcessMap.nearest(to: 1, in: []) == nil)
    func reason(_ address: UInt64, _ map: ProcessMap?) -> String {
      ProcessMemoryFailure(.notMapped(map), 42, address).error("a").reason
    }
    #expect(
      reason(0x4ff0, maps[1]) == """
        0x4ff0 of process 42 is not mapped; the nearest mapping is 0x5000-0x6000 (rw shared, \
        /dev/shm/a\\x1bb), which begins 16 bytes after it
        """)
    #expect(reason(0x2001, maps[0]).hasSuffix("(r- private), which ends 1 bytes before it"))
    #expect(reason(7, nil) == "0x7 of process 42 is not mapped")
    let written = ProcessMemoryFailure(.notWritable(maps[0]), 42, 0x1800).error("a")
    #expect(written.kind == .notPermitted)
    #expect(
      written.reason.hasSuffix("lies in 0x1000-0x2000 (r- private), which is not writable"))
  }

  @Test("a call continues with the part at which the previous call stopped")
  func cursor() {
    var cursor = PieceCursor([10..<20, 30..<30, 4090..<5000])
    #expect(cursor.address == 10)
    #expect(cursor.bytesToPageEnd == 10)
    let first = cursor.batch(of: 15)
    #expect(first.bytes == 15)
    #expect(first.pieces.map(\.address) == [10, 4090])
    #expect(first.pieces.map(\.length) == [10, 5])
    cursor.advance(by: 12)
    #expect(cursor.address == 4092)
    #expect(cursor.bytesToPageEnd == (page == 4096 ? 4 : 908))
    cursor.advance(by: 908)
    #expect(cursor.batch(of: 1).bytes == 0)
    #expect(cursor.address == 5000)
  }
}
