import Glibc
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
