import ShmCore
import ShmTestSupport
import Testing

/// Whether the machine has pages of 2 MiB to give; Scripts/test sees to it as root.
private let hasPool = (HugePagePool.pool(ofPageSize: 2 << 20)?.available ?? 0) >= 4

@Suite("huge pages")
struct HugePagesTests {
  /// A shell in a separate mount namespace with a hugetlbfs at $M.
  private func mounted(_ script: String, options: String = "pagesize=2M") async throws
    -> Tool.Result
  {
    try await Tool.run(
      "unshare",
      [
        "-m", "/bin/bash", "-ec",
        """
        M=$(mktemp -d); trap 'cd /; umount "$M"; rmdir "$M"' EXIT
        mount -t hugetlbfs -o \(options) hugetlbfs "$M"
        \(script)
        """,
      ])
  }

  @Test(
    "a named region with --huge is created on the first writable hugetlbfs",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: hasPool, "needs a pool of huge pages"))
  func named() async throws {
    let name = TestName()
    let result = try await mounted(
      """
      "$SHMTOOL" create \(name) 4M --huge --json
      test ! -e /dev/shm/\(name)
      "$SHMTOOL" fill "$M/\(name)" --sequence -q
      "$SHMTOOL" verify "$M/\(name)" --sequence --quiet
      "$SHMTOOL" inspect "$M/\(name)" | grep -q '^page size  *2 MiB'
      "$SHMTOOL" wire "$M/\(name)" -- true
      "$SHMTOOL" rm -q "$M/\(name)"
      """)
    #expect(result.code == 0, "\(result.error)")
    let report = try JSON(report: result.output)
    #expect(report.page_size == 2_097_152 && report.size == 4_194_304)
    #expect(report.has("huge_pages_error") && report.huge_pages_error == .null)
    #expect(result.error.contains("never swapped out"))
  }

  @Test(
    "a few bytes in a sparse region allocate the huge pages that contain them",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: hasPool, "needs a pool of huge pages"))
  func few() async throws {
    // The file system has no more than these two pages, which lie in the middle of 64 MiB.
    let result = try await mounted(
      """
      truncate -s 64M "$M/sparse"
      printf ab | "$SHMTOOL" write "$M/sparse" --offset 10485759 -q
      "$SHMTOOL" read "$M/sparse" --offset 10485759 --length 2
      stat -c %b "$M/sparse"
      "$SHMTOOL" fill "$M/sparse" --byte 7 --offset 8M --length 4M -q
      "$SHMTOOL" verify "$M/sparse" --byte 7 --offset 8M --length 4M -q
      """, options: "pagesize=2M,size=4M")
    #expect(result.code == 0, "\(result.error)")
    #expect(result.text == "ab8192\n")
  }

  @Test(
    "a hole without a free huge page is an error, with every command that writes",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"),
    .enabled(if: hasPool, "needs a pool of huge pages"))
  func holes() async throws {
    let result = try await mounted(
      """
      truncate -s 64M "$M/sparse"
      for words in "fill $M/sparse --zero" "write $M/sparse /dev/zero"; do
        code=0; "$SHMTOOL" $words -q || code=$?; echo $code $(stat -c %b "$M/sparse")
      done
      """, options: "pagesize=2M,size=4M")
    // An input of unknown length is written as far as there are pages.
    #expect(result.text == "79 0\n79 8192\n", "\(result.error)")
    let lines = result.error.split(separator: "\n")
    try #require(lines.count == 2)
    #expect(
      lines[0].contains("needs 64 MiB, but ") && lines[0].contains("has 4 MiB free of 4 MiB"),
      "\(lines[0])")
    #expect(
      lines[1].contains("needs 2 MiB, but ") && lines[1].contains("has 0 B free of 4 MiB")
        && lines[1].contains("4194304 bytes were already written"), "\(lines[1])")
  }

  @Test(
    "an exhausted pool is an error with its figures, and --huge=try reports ordinary pages",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func exhausted() async throws {
    let name = TestName()
    let result = try await mounted(
      """
      "$SHMTOOL" create \(name) 64G --huge && exit 1
      test $? = 79
      test -z "$(ls "$M")"
      "$SHMTOOL" create \(name) 2M --huge=1G && exit 1
      test $? = 66
      "$SHMTOOL" create \(name) 3M --huge && exit 1
      test $? = 65
      """)
    #expect(result.code == 0, "\(result.error)")
    #expect(result.error.contains("needs 64 GiB (32768 pages of 2 MiB), but the pool has "))
    #expect(
      result.error.contains("/sys/kernel/mm/hugepages/hugepages-2048kB/nr_hugepages'"))
    #expect(result.error.contains("no hugetlbfs with pages of 1 GiB is mounted; as root: 'mkdir"))
    #expect(result.error.contains("must be a multiple of the huge page size, 2 MiB"))
  }

  @Test(
    "a size of huge pages that the system does not have is refused",
    arguments: ["3M", "4K", "0", "x", ""])
  func badSize(_ size: String) async throws {
    let name = TestName()
    let result = try await Tool.run("create", name.name, "4M", "--huge=\(size)")
    #expect(result.code == 64)
    #expect(!name.exists)
  }

  @Test("with --huge=try ordinary pages replace unavailable huge pages, and the reason is reported")
  func tried() async throws {
    try await withName { (name) async throws in
      // A hugetlbfs with pages of 1 GiB is not usually mounted, and no test machine has 64 of them.
      let result = try await Tool.run("create", name.name, "64K", "--huge=try", "--json")
      #expect(result.code == 0)
      let report = try JSON(report: result.output)
      #expect(report.page_size == 4096)
      #expect(report.huge_pages_error.message.text?.contains("huge pages: ") == true)
      #expect(name.size == 65536)
    }
  }

  @Test(
    "an anonymous region with --huge has huge pages",
    .enabled(if: hasPool, "needs a pool of huge pages"))
  func anonymous() async throws {
    let result = try await Tool.run(
      "map", "--anonymous", "4M", "--huge", "--populate", "--json", "--", "stat", "-f", "-L", "-c",
      "%T %s", "/proc/self/fd/3")
    #expect(result.code == 0, "\(result.error)")
    #expect(result.text.contains("\"page_size\":2097152"))
    #expect(result.text.hasSuffix("hugetlbfs 2097152\n"))
  }

  @Test("an exhausted pool ends map with 79, or with --huge=try gives ordinary pages")
  func anonymousExhausted() async throws {
    let refused = try await Tool.run("map", "--anonymous", "64G", "--huge", "--", "true")
    #expect(refused.code == 79)
    #expect(refused.error.contains("needs 64 GiB (32768 pages of 2 MiB), but the pool has "))
    let other = try await Tool.run("map", "--anonymous", "4M", "--huge=4M", "--", "true")
    #expect(other.code == 66)
    #expect(other.error.contains("this machine has no pages of 4 MiB, but "))
    let alone = try await Tool.run("map", "x", "--huge", "--", "true")
    #expect(alone.code == 64)
  }

  @Test("transparent huge pages are reported as far as the kernel collapses pages")
  func transparent() async throws {
    try await withName { (name) async throws in
      let made = try await Tool.run("create", name.name, "9M", "--huge=transparent", "--json")
      // A kernel before 6.1, or shmem_enabled=deny, refuses; then nothing is left.
      if made.code == 65 {
        #expect(made.error.contains("not supported by the kernel") && !name.exists)
        return
      }
      #expect(made.code == 0, "\(made.error)")
      let report = try JSON(report: made.output)
      let huge = report.transparent_huge.integer ?? -1
      #expect(huge >= 2 << 20 && huge <= 8 << 20 && huge % (2 << 20) == 0, "\(huge)")
      #expect(report.page_size == 4096 && name.size == 9 << 20)
      #expect(try await Tool.run("verify", name.name, "--zero").code == 0)
      let text = try await Tool.run("create", "\(name.name)-2", "2M", "--huge=transparent")
      _ = try await Tool.run("rm", "-f", "\(name.name)-2")
      #expect(text.error.contains("2 MiB on transparent huge pages"), "\(text.error)")
    }
  }

  @Test(
    "transparent huge pages are accepted for regions on tmpfs only",
    arguments: [
      ("send x --huge=transparent", "invalid SIZE 'transparent' for --huge"),
      ("map --anonymous 4M --huge=transparent -- true", "is supported by 'shmtool create' only"),
      ("limits --huge=transparent", "invalid SIZE 'transparent' for --huge"),
      ("create x 4M --sparse --huge=transparent", "--sparse and --huge=transparent"),
    ])
  func transparentElsewhere(_ line: String, _ message: String) async throws {
    let result = try await Tool.run(Tool.path, line.split(separator: " ").map(String.init))
    #expect(result.code == 64 && result.error.contains(message), "\(result.error)")
  }
}
