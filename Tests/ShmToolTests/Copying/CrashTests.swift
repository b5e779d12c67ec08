import Glibc
import ShmTestSupport
import Testing

@Suite("files after a crash", .serialized)
struct CrashTests {
  private static let needs: Comment =
    "needs root, a loop device, losetup, mkfs.ext4 and mkfs.xfs"

  private static let hasLoop = unsafe access("/dev/loop-control", R_OK | W_OK) == 0

  private static let mayCrash =
    TestEnvironment.mayMount && hasLoop
    && ["losetup", "mkfs.ext4", "mkfs.xfs"].allSatisfy { TestEnvironment.has($0) }

  @Test(
    "after exit status 0 a crash keeps the complete file, except with --no-sync",
    .enabled(if: mayCrash, needs), arguments: ["ext4", "xfs"])
  func crash(_ kind: String) async throws {
    try await withRegion("3M") { name in
      try await Python.test(named: name, kind)
    }
  }

  @Test(
    "a device without space for the file is an error, and the old file is kept",
    .enabled(if: mayCrash, needs))
  func full() async throws {
    try await withRegion("40M") { name in
      try await Python.test(named: name, "ext4")
    }
  }

  @Test(
    "an error of fsync is a failure; for the directory it says that the file is in place",
    .enabled(if: TestEnvironment.mayTrace, "needs root and strace"))
  func failures() async throws {
    try await withRegion("64K") { name in
      try await Python.test(named: name)
    }
  }
}
