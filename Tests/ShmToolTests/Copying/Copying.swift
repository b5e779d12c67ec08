import Glibc
import ShmCopying
import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

/// What the tests of copies need besides.
extension Python {
  /// Runs a script whose assertions must hold; `good`, `bad`, `anonymous`, `place`, `random` and
  /// `digest` are there for it, too.
  static func checkCopies(
    _ script: String, _ arguments: [String], sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await checkFaults(
      copies + script, arguments: arguments, sourceLocation: sourceLocation)
  }

  /// The same with its arguments one by one.
  static func checkCopies(
    _ script: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await checkCopies(script, arguments, sourceLocation: sourceLocation)
  }

  /// The same with `F`, the path of a file on a disk, which is gone afterwards, and what looks at the
  /// machine's cache of it.
  static func checkDirect(
    _ script: String, _ name: String, _ arguments: String...,
    sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    try await checkCopies(
      direct + script, [name, Machine.diskDirectory ?? "/tmp"] + arguments,
      sourceLocation: sourceLocation)
  }

  private static let direct = #"""
    F = f"{sys.argv[2]}/{N}"
    def end_file():
        if os.path.exists(F):
            os.unlink(F)
    atexit.register(end_file)
    def write(content):
        with open(F, "wb") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
    def uncache():
        with open(F, "rb") as file:
            os.fsync(file.fileno())
            os.posix_fadvise(file.fileno(), 0, 0, os.POSIX_FADV_DONTNEED)
    # The pages of it that are in the cache, by cachestat(2).
    def cached():
        with open(F, "rb+") as file:
            answer = (ctypes.c_uint64 * 5)()
            whole = (ctypes.c_uint64 * 2)()
            assert libc.syscall(451, file.fileno(), whole, answer, 0) == 0
            return answer[0]

    """#

  private static let copies = #"""
    import hashlib, random as numbers, types
    libc = ctypes.CDLL(None, use_errno=True)
    # Where Yama restricts, only those who descend from this one may look into it, and the tool does
    # the other way round.
    libc.prctl(0x59616d61, ctypes.c_ulong(-1 & 0xffffffffffffffff), 0, 0, 0)
    kept = []

    def good(*words, **options):
        result = run(*words, **options)
        assert result.returncode == 0, (words, result)
        return result
    # One that fails with a code and one sentence.
    def bad(code, *words, **options):
        result = run(*words, **options)
        error = result.stderr.decode()
        assert result.returncode == code, (code, words, result)
        assert error.startswith("shmtool: ") and error.count("\n") == 1, (words, error)
        return types.SimpleNamespace(stdout=result.stdout, error=error)
    def anonymous(size):
        memory = mmap.mmap(-1, size)
        kept.append(ctypes.c_char.from_buffer(memory))
        return memory, ctypes.addressof(kept[-1])
    def place(address):
        return f"{os.getpid()}@{address:#x}"
    def random(size):
        return numbers.Random(size).randbytes(size)
    def digest(content):
        return hashlib.sha256(content).hexdigest()

    """#
}

/// What this machine has for the tests of copies.
enum Machine {
  /// Whether so much memory is available.
  static func has(gibibytes: Int) -> Bool {
    (MemoryInformation.current()?.available ?? 0) >= gibibytes << 30
  }

  /// Where files lie on a disk and O_DIRECT is taken; nil where that is nowhere.
  static let diskDirectory: String? = ["/var/tmp", "/tmp"].first { directory in
    withFile(in: directory) { path, _ in (try? DirectIO(reading: path)) != nil } ?? false
  }

  /// Whether the kernel has cachestat(2), and nothing refuses it.
  static let hasCacheStatistics =
    withFile(in: "/tmp") { _, file in (try? file.cacheStatistics()) != nil } ?? false

  /// Runs `body` with a new file, which is gone afterwards; nil where there can be none.
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

  /// Whether the kernel has Yama, and it restricts ordinary users, whom the tests can become.
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
