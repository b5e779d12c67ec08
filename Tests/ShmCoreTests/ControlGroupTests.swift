import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

/// Control groups out of files that the tests have written: of version 2, and with limits that this machine
/// has not.
@Suite("Control groups, as files")
struct ControlGroupTests {
  private static let mebibyte = 1 << 20

  /// Writes the files of groups, by their paths in a hierarchy, below a directory of the test's own.
  private func withHierarchy(
    _ files: [String: [String: String]], _ body: (FilePath) throws -> Void
  ) throws {
    var template = Array("/tmp/shmtool-test-\(getpid())-XXXXXX".utf8CString)
    _ = unsafe mkdtemp(&template)
    let root = FilePath(platformString: template)
    defer { _ = unsafe system("rm -r \(root)") }
    for (group, contents) in files {
      let directory = root.string + group
      _ = unsafe system("mkdir -p \(directory)")
      for (name, text) in contents {
        let file = try FileDescriptor.open(
          FilePath(directory + "/" + name), .writeOnly, options: .create,
          permissions: .ownerReadWrite)
        try file.closeAfter { _ = try file.writeAll(Array(text.utf8)) }
      }
    }
    try body(root)
  }

  private func groups(_ text: String, version: Int, at root: FilePath, _ options: String = "")
    -> ControlGroups
  {
    let kind = version == 1 ? "cgroup cgroup rw,memory,hugetlb" : "cgroup2 cgroup2 rw\(options)"
    let line = "35 24 0:30 / \(root) rw,nosuid shared:9 - \(kind)\n"
    return ControlGroups(parsing: Array(text.utf8), mounts: MountTable(parsing: Array(line.utf8)))
  }

  private func memory(
    _ current: Int, cache: Int = 0, _ limits: [String: String]
  ) -> [String: String] {
    var files = limits
    files["memory.current"] = "\(current << 20)\n"
    files["memory.stat"] =
      "anon 4096\nfile 99999999\ninactive_file \(cache << 19)\nactive_file \(cache << 19)\n"
    return files
  }

  private func pages(_ mebibytes: Int) -> Int { MemoryCgroup.withoutOverhead(mebibytes << 20) }

  @Test("in version 2 the lower of memory.max and memory.high is the limit at every level")
  func unified() throws {
    try withHierarchy([
      "/": [:],
      "/a": memory(200, cache: 60, ["memory.max": "\(256 << 20)\n", "memory.high": "max\n"]),
      "/a/b": memory(90, cache: 30, ["memory.max": "max\n", "memory.high": "\(100 << 20)\n"]),
      "/a/b/c": memory(10, ["memory.max": "max\n", "memory.high": "max\n"]),
    ]) { root in
      let found = MemoryCgroup.bounding(groups("0::/a/b/c\n", version: 2, at: root))
      #expect(found.map(\.path) == ["/a/b/c", "/a/b", "/a"])
      #expect(found.map(\.version) == [2, 2, 2])
      #expect(found.map(\.limit) == [nil, 100 << 20, 256 << 20])
      #expect(found.map(\.available) == [nil, 40 << 20, 116 << 20])
      #expect(found[1].limitFile == "memory.high")
      #expect(found[2].limitFile == "memory.max")
      let limited = MemoryCgroup.bounding(
        groups("0::/a/b/c\n", version: 2, at: root), onlyLimited: true)
      #expect(limited.map(\.path) == ["/a/b", "/a"])
      // Without a limit on swap the machine's swap is room, too, but not for wired pages.
      #expect(found[1].room(swapFree: 0)?.available == pages(40))
      #expect(found[1].room(swapFree: 64 << 20)?.available == pages(104))
      #expect(found[0].room(swapFree: 64 << 20) == nil)
    }
  }

  @Test(
    "in version 2 memory.swap.max limits how much can be swapped out",
    arguments: [("0", "0", 0), ("\(32 << 20)", "\(8 << 20)", 24), ("\(8 << 20)", "\(9 << 20)", 0)])
  func swap(_ limit: String, _ used: String, _ left: Int) throws {
    let files = [
      "memory.max": "\(64 << 20)", "memory.swap.max": limit, "memory.swap.current": used,
    ]
    try withHierarchy(["/a": memory(20, files)]) { root in
      let group = try #require(
        MemoryCgroup.bounding(groups("0::/a\n", version: 2, at: root)).first)
      #expect(group.room(swapFree: 1 << 40)?.available == pages(44 + left))
      #expect(group.room(swapFree: 0)?.available == pages(44))
    }
  }

  @Test("in version 1 memory, and memory and swap together, are limited")
  func legacy() throws {
    func files(_ memory: Int, _ both: Int, used: Int, usedBoth: Int) -> [String: String] {
      [
        "memory.limit_in_bytes": "\(memory << 20)", "memory.usage_in_bytes": "\(used << 20)",
        "memory.memsw.limit_in_bytes": "\(both << 20)",
        "memory.memsw.usage_in_bytes": "\(usedBoth << 20)", "memory.swappiness": "60",
        "memory.stat":
          "inactive_file 1\ntotal_inactive_file \(4 << 20)\ntotal_active_file \(6 << 20)\n",
      ]
    }
    try withHierarchy([
      "/a": files(64, 96, used: 30, usedBoth: 40), "/a/b": files(64, 64, used: 30, usedBoth: 60),
    ]) { root in
      let found = MemoryCgroup.bounding(groups("3:memory:/a/b\n", version: 1, at: root))
      #expect(found.map(\.path) == ["/a/b", "/a"])
      #expect(found.map(\.available) == [44 << 20, 44 << 20])
      let inner = try #require(found[0].room(swapFree: 1 << 40))
      #expect(inner.available == pages(14) && inner.file == "memory.memsw.limit_in_bytes")
      // Swapped pages also count against wired pages.
      #expect(found[0].room(swapFree: 0)?.available == pages(14))
      #expect(found[1].room(swapFree: 1 << 40)?.available == pages(66))
      #expect(found[1].room(swapFree: 1 << 20)?.available == pages(45))
      #expect(found[1].room(swapFree: 0)?.file == "memory.limit_in_bytes")
    }
    try withHierarchy([
      "/a": [
        "memory.limit_in_bytes": "9223372036854771712", "memory.usage_in_bytes": "1",
        "memory.stat": "",
      ]
    ]) { root in
      #expect(MemoryCgroup.bounding(groups("3:memory:/a\n", version: 1, at: root))[0].limit == nil)
    }
  }

  @Test("both versions limit used and reserved huge pages, separately for each size")
  func hugePages() throws {
    let unified = [
      "hugetlb.2MB.max": "\(8 << 20)\n", "hugetlb.2MB.current": "\(2 << 20)\n",
      "hugetlb.2MB.rsvd.max": "\(6 << 20)\n", "hugetlb.2MB.rsvd.current": "\(4 << 20)\n",
      "hugetlb.1GB.max": "max\n", "hugetlb.1GB.current": "0\n",
      "hugetlb.64KB.max": "\(1 << 20)\n", "hugetlb.64KB.current": "\(2 << 20)\n",
    ]
    try withHierarchy(["/a": unified, "/a/b": ["hugetlb.2MB.max": "max\n"]]) { root in
      let groups = groups("0::/a/b\n", version: 2, at: root)
      let found = HugePageCgroup.bounding(groups, pageSize: 2 << 20)
      #expect(found.map(\.available) == [6 << 20, 2 << 20])
      #expect(found.map(\.limitFile) == ["hugetlb.2MB.max", "hugetlb.2MB.rsvd.max"])
      #expect(found.map(\.path) == ["/a", "/a"])
      #expect(HugePageCgroup.bounding(groups, pageSize: 1 << 30).isEmpty)
      #expect(HugePageCgroup.bounding(groups, pageSize: 64 << 10).map(\.available) == [0])
      let bounds = RegionRoom.hugePages(ofSize: 2 << 20, groups)
      let room = RegionRoom(bounds.filter { $0.bound.kind != "huge_page_pool" }, pageSize: 2 << 20)
      #expect(room.available == 2 << 20)
      #expect(
        room.refusing(3 << 20)?.bound
          == .hugePageGroup(version: 2, path: "/a", file: "hugetlb.2MB.rsvd.max"))
      #expect(room.refusing(2 << 20) == nil)
    }
    let legacy = [
      "hugetlb.2MB.limit_in_bytes": "\(4 << 20)\n", "hugetlb.2MB.usage_in_bytes": "0\n",
      "hugetlb.2MB.rsvd.limit_in_bytes": "9223372036852678656\n",
      "hugetlb.2MB.rsvd.usage_in_bytes": "0\n",
    ]
    try withHierarchy(["/a": legacy]) { root in
      let found = HugePageCgroup.bounding(
        groups("5:hugetlb:/a\n", version: 1, at: root), pageSize: 2 << 20)
      #expect(found.map(\.limitFile) == ["hugetlb.2MB.limit_in_bytes"])
      #expect(found.map(\.available) == [4 << 20])
    }
  }

  @Test("huge pages count as memory only with the mount option memory_hugetlb_accounting")
  func accounting() throws {
    let files = memory(10, ["memory.max": "\(64 << 20)"])
    try withHierarchy(["/a": files]) { root in
      for (options, expected) in [("", 0), (",memory_hugetlb_accounting", 1)] {
        let bounds = RegionRoom.hugePages(
          ofSize: 2 << 20, groups("0::/a\n", version: 2, at: root, options))
        #expect(bounds.count { $0.bound.kind == "memory_cgroup" } == expected)
      }
    }
  }

  @Test(
    "a group whose files cannot be read has no limit",
    arguments: ["", "0::/gone\n", "x", "4:cpu:/a\n", "0:memory:/a\n", "::\n", "0::\n"])
  func unreadable(_ text: String) throws {
    try withHierarchy(["/a": memory(1, ["memory.max": "0\n"])]) { root in
      #expect(MemoryCgroup.bounding(groups(text, version: 2, at: root)).isEmpty)
    }
  }
}
