import Glibc
import ShmCopying
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

/// What this machine has for the tests of copies.
enum Machine {
  /// Whether so much memory is available.
  static func has(gibibytes: Int) -> Bool {
    (MemoryInformation.current()?.available ?? 0) >= gibibytes << 30
  }

  /// A directory on a disk that supports O_DIRECT; nil without one.
  static let diskDirectory: String? = ["/var/tmp", "/tmp"].first { directory in
    withFile(in: directory) { path, _ in (try? DirectIO(reading: path)) != nil } ?? false
  }

  /// Whether the kernel has cachestat(2), and nothing refuses it.
  static let hasCacheStatistics =
    withFile(in: "/tmp") { _, file in (try? file.cacheStatistics()) != nil } ?? false

  /// Runs `body` with a new file, which is removed afterwards; nil if no file can be created.
  private static func withFile(
    in directory: String, _ body: (FilePath, borrowing OwnedDescriptor) -> Bool
  ) -> Bool? {
    let path = FilePath("\(directory)/\(TestName("file").name)")
    defer { try? FileSystem.unlink(path) }
    guard let file = try? FileSystem.open(path, O_RDWR | O_CREAT | O_EXCL, mode: 0o600) else {
      return nil
    }
    return body(path, file)
  }

  /// Whether process 2 is the parent of the kernel's threads.
  static let showsKernelThreads: Bool = {
    let name = try? FileSystem.contents(of: "/proc/2/comm")
    return TestEnvironment.isRoot && name.map { $0 == Array("kthreadd\n".utf8) } == true
  }()

  /// Whether Yama restricts ordinary users, and the tests can become one.
  static let hasYama: Bool = {
    guard TestEnvironment.isRoot, TestEnvironment.has("setpriv"),
      let text = try? FileSystem.contents(of: "/proc/sys/kernel/yama/ptrace_scope")
    else { return false }
    return text.first != UInt8(ascii: "0")
  }()
}

extension String {
  /// How often `part` stands in it.
  func occurrences(of part: String) -> Int {
    ranges(of: part).count
  }
}
