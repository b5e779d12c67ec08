import Glibc
import ShmTestSupport
import Testing

/// Runs `body` with a fresh name, which is taken away when it ends, and not before.
func withName(_ body: (TestName) async throws -> Void) async throws {
  let name = TestName()
  defer { withExtendedLifetime(name) {} }
  try await body(name)
}

/// Runs `body` with a region that the tool has made.
func withRegion(
  _ size: String = "64K", _ options: [String] = [], _ body: (TestName) async throws -> Void
) async throws {
  try await withName { name in
    let made = try await Tool.run(Tool.path, ["create", name.name, size, "--quiet"] + options)
    try #require(made.code == 0, "\(made.error)")
    try await body(name)
  }
}

extension TestName {
  /// What lstat(2) says of the object.
  var status: stat? {
    var status = stat()
    return unsafe lstat(path, &status) == 0 ? status : nil
  }

  /// The object's size in bytes; -1 if it does not exist.
  var size: Int { status.map { Int($0.st_size) } ?? -1 }

  /// The permission bits of the object.
  var mode: Int { status.map { Int($0.st_mode & 0o7777) } ?? -1 }

  /// The bytes that memory is charged for.
  var allocated: Int { status.map { Int($0.st_blocks) * 512 } ?? -1 }

  /// The bytes of the object.
  func contents() async throws -> [UInt8] {
    try await Tool.run("/bin/cat", [path]).output
  }
}

/// The tool run by another, unprivileged user.
enum Nobody {
  /// Whether the tests may become another user who can run what was built.
  static func isUsable() async throws -> Bool {
    guard TestEnvironment.isRoot, TestEnvironment.has("setpriv") else { return false }
    return try await run("--version").code == 0
  }

  /// The binary comes as an open file: the way to it may be closed to others.
  static func run(_ arguments: String...) async throws -> Tool.Result {
    try await shell("\"$NOBODY\" \"$@\"", arguments)
  }

  /// A shell of that user, in which `$NOBODY` is the binary.
  static func shell(_ script: String, _ arguments: [String] = []) async throws -> Tool.Result {
    try await Tool.run(
      "/bin/bash",
      [
        "-c",
        """
        exec 9<"$SHMTOOL"
        exec env PATH=/usr/bin:/bin NOBODY=/proc/self/fd/9 setpriv --reuid 65534 --regid 65534 \
        --clear-groups /bin/bash -c '\(script)' bash "$@"
        """, "bash",
      ] + arguments)
  }
}
