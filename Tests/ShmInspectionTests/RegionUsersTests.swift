import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmInspection

/// In processes of their own: a process that another test has just forked has this one's descriptors for
/// a moment, and is a user.
@Suite("Users of regions")
struct RegionUsersTests {
  @Test("the users of a region are listed with addresses, without this process")
  func mapped() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(try name.reference, size: 3 * page)
      let identity = try region.status().identity
      #expect(try RegionUsers.scan(for: [identity]).users(of: identity).isEmpty)
      try withSecondProcess(mapping: name.name) { process in
        let users = try RegionUsers.scan(for: [identity]).users(of: identity)
        let user = try #require(users.first { $0.process == process })
        #expect(user.mappedBytes == 3 * page)
        #expect(user.mappings.map(\.isShared) == [true])
        #expect(user.mappings.map(\.offset) == [0])
        #expect(user.user == geteuid())
        #expect(String(decoding: user.command, as: UTF8.self) == "shmtool")
        #expect(!user.descriptors.isEmpty)
      }
      withExtendedLifetime(name) {}
    }
  }

  @Test("without a lease an unused region is reported as unseen, with a lease as unused")
  func use() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      _ = try Region.create(try name.reference, size: 3 * page)
      let looked = try Region.open(try name.reference, access: .status)
      let none = try RegionUsers.scan(for: [])
      #expect(try RegionUse.of(looked, in: none) == .unseen)
      #expect(try RegionUse.proved(looked, in: none) == .unused)
      #expect(try looked.shrinkIfUnused(to: 2 * page, from: 3 * page) == .unused)
      #expect(try looked.status().size == 2 * page)
      let changed = error(.busy) { _ = try looked.shrinkIfUnused(to: page, from: 3 * page) }
      #expect(changed?.reason.contains("changed its size") == true)
      #expect(error(.usage) { _ = try looked.shrinkIfUnused(to: 9 * page, from: 2 * page) } != nil)
      try withSecondProcess(mapping: name.name) { process in
        // A scan for no region finds no users, and the lease is refused nevertheless.
        #expect(try RegionUse.of(looked, in: none) == .unseen)
        let use = try RegionUse.proved(looked, in: none)
        #expect(use == .used([]))
        guard case .used(let users) = try looked.shrinkIfUnused(to: page, from: 2 * page) else {
          Issue.record("it is in use")
          return
        }
        #expect(users.contains(process))
        #expect(try looked.status().size == 2 * page)
      }
      #expect(RegionUse.unknown.isUsed == nil)
      #expect(RegionUse.used([1]).isUsed == true)
      #expect(RegionUse.unused.isUsed == false)
      withExtendedLifetime(name) {}
    }
  }

  @Test("an inspection lists the users, and counts the pages by state")
  func inspection() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(
        try name.reference, size: 4 * page, options: Region.CreationOptions(reserve: false))
      try region.store([1], at: page)
      let inspection = try RegionInspection(try name.reference)
      #expect(inspection.status.size == 4 * page)
      #expect(inspection.pages?.allocated == page)
      #expect(inspection.pages?.hole == 3 * page)
      #expect((inspection.pages?.resident ?? 0) + (inspection.pages?.swapped ?? 0) == page)
      // This test has it open, and is not among the users.
      #expect(inspection.use == .unseen)
      #expect(inspection.users.isEmpty)
      error(.notFound) { _ = try RegionInspection(try TestName().reference) }
      withExtendedLifetime(name) {}
    }
  }

  @Test("each region of the inventory has its users, also if its name is not UTF-8")
  func inventory() async {
    await #expect(processExitsWith: .success) {
      let name = TestName()
      let region = try Region.create(try name.reference, size: page)
      let entry = try #require(
        try RegionInventory.posixObjects().entries.first { $0.name == bytes(name.name) })
      #expect(entry.kind == .posix)
      #expect(entry.identity == (try region.status().identity))
      #expect(entry.reference == (try name.reference))
      #expect(entry.use(in: try RegionUsers.scan(for: [entry.identity])) == .unseen)
      withExtendedLifetime(name) {}
    }
  }
}

@Suite("Waiting for a region")
struct RegionWaiterTests {
  @Test("a wait returns at once if the condition holds already")
  func already() throws {
    let name = TestName()
    let region = try Region.create(try name.reference, size: page)
    try region.store(bytes("ready"), at: 10)
    let reference = try name.reference
    try Region.wait(for: .created, of: reference, timeout: .zero)
    try Region.wait(for: .size(page), of: reference, timeout: .zero)
    try Region.wait(for: .bytes(bytes("ready"), at: 10), of: reference, timeout: .zero)
    try Region.wait(for: .removed, of: try TestName().reference, timeout: .zero)
  }

  @Test("a wait ends after the time limit, and the error names the condition")
  func timeout() throws {
    let name = TestName()
    let reference = try name.reference
    let missing = error(.timedOut) {
      try Region.wait(for: .created, of: reference, timeout: .milliseconds(30))
    }
    #expect(missing?.reason == "timed out after 30 ms (waiting for its creation)")
    _ = try Region.create(reference, size: page)
    for condition in [
      Region.Condition.removed, .size(page + 1), .bytes([1], at: 0), .bytes([0], at: page),
    ] {
      error(.timedOut) {
        try Region.wait(for: condition, of: reference, timeout: .milliseconds(30))
      }
    }
    withExtendedLifetime(name) {}
  }

  @Test("a wait ends when another thread makes the condition true")
  func woken() throws {
    let name = TestName()
    let reference = try name.reference
    // The shell makes way for the tool once it has slept.
    let child = try Child(
      ["/bin/sh", "-c", "sleep 0.1; exec \"$0\" create -q \"$1\" 64", Tool.path, name.name])
    try Region.wait(for: .created, of: reference, timeout: .milliseconds(10_000))
    #expect(try child.wait() == 0)
    #expect(name.exists)
  }

  @Test("a few users are listed one by one, many users by command")
  func sentences() {
    func name(_ process: Int32) -> String? {
      process == 999 ? nil : ["python3", "sh", "cat", "zip"][Int(process) % 4]
    }
    func told(_ processes: [Int32]) -> String { RegionUse.sentence(processes, name: name) }
    #expect(told([8]) == "process 8 (python3) uses it")
    #expect(told([999]) == "process 999 uses it")
    #expect(told([8, 9]) == "processes 8 (python3), 9 (sh) use it")
    #expect(told([1, 2, 3, 4, 5]).hasSuffix("5 (sh) use it"))
    #expect(
      told([0, 4, 8, 1, 5, 2]) == "6 processes use it: 3 python3, 2 sh, 1 cat")
    #expect(
      told([0, 4, 8, 1, 5, 2, 6, 3]) == "8 processes use it: 3 python3, 2 cat, 2 sh and 1 other")
    let many = told(Array(0..<2001))
    #expect(many == "2001 processes use it: 501 python3, 500 cat, 500 sh and 500 others")
  }
}
