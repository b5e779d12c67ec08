import Glibc
public import ShmCore
import SystemPackage

/// Why another process's memory could not be copied, and how far the copy came.
///
/// ```swift
/// let memory = try ProcessMemory(of: 1234)
/// let buffer = UnsafeMutableRawBufferPointer.allocate(byteCount: 4096, alignment: 8)
/// defer { unsafe buffer.deallocate() }
/// do {
///   try unsafe memory.read(at: 0x7f00_0000_0000, into: buffer)
/// } catch {
///   print(error)
///   if case .notMapped(let nearest?) = error.cause { print(error.copied, nearest.addresses) }
/// }
/// ```
public struct ProcessMemoryFailure: Error, Sendable, CustomStringConvertible {
  /// The cause of the failure.
  public enum Cause: Sendable, Equatable {
    /// The process has ended. The bytes of the last call are not counted, because another process may have had the
    /// process ID.
    case ended
    /// It is a kernel thread without user memory.
    case noMemory
    /// Nothing is mapped at the address; the mapping nearest to it, if there is any.
    case notMapped(ProcessMap?)
    /// The mapping there may not be read.
    case notReadable(ProcessMap)
    /// The mapping there may not be written.
    case notWritable(ProcessMap)
    /// The mapping allows the access but has no page there: it is beyond the end of its file, or a device.
    case noPage(ProcessMap)
    /// The address cannot be accessed, and the mappings cannot be read.
    case unknownAddress
    /// The range passes the end of all addresses.
    case noAddress
    /// The caller's buffer has no page: its mapped file was truncated, or no memory is available.
    case buffer
    /// The process belongs to another user, has different privileges, or is not dumpable.
    case credentials(owner: UInt32?)
    /// Yama refuses: kernel.yama.ptrace_scope.
    case yama(scope: Int)
    /// A sandbox refuses the call itself: seccomp.
    case sandbox
    /// Another security module refuses: AppArmor, SELinux, Landlock.
    case securityModule
    /// The caller has stopped it.
    case stopped
    /// Anything else.
    case other
  }

  /// The cause of the failure.
  public let cause: Cause
  /// The process.
  public let process: Int32
  /// The first address in it that was not copied.
  public let address: UInt64
  /// How many bytes were copied before: exactly these.
  public let copied: Int
  /// The error number of the call; nil if no call failed. errno(3)
  public let errorNumber: Int32?

  init(
    _ cause: Cause, _ process: Int32, _ address: UInt64, copied: Int = 0,
    errorNumber: Int32? = nil
  ) {
    self.cause = cause
    self.process = process
    self.address = address
    self.copied = copied
    self.errorNumber = errorNumber
  }

  /// The complete message on one line: the cause with the mapping or the setting, and the remedy.
  public var description: String { ShmError(self).description }

  /// The error for a user: the cause with the mapping or the setting, and the remedy.
  ///
  /// - Parameter attempt: the operation and its object.
  /// - Returns: an error of kind `peerDied`, `notFound`, `inputOutput`, `notPermitted`, `usage` or `system`.
  package func error(_ attempt: String) -> ShmError {
    let (kind, reason, remedy) = words
    return ShmError(kind, attempt, reason, remedy: remedy, errorNumber: errorNumber)
  }

  private var words: (ShmError.Kind, String, Remedy?) {
    let place = "0x" + String(address, radix: 16)
    func lies(in map: ProcessMap) -> String {
      "\(place) of process \(process) lies in \(map.words)"
    }
    switch cause {
    case .ended: return (.peerDied, "process \(process) has ended", nil)
    case .noMemory:
      return (
        .notFound, "process \(process) is a kernel thread without user memory", nil
      )
    case .notMapped(let nearest):
      let near = nearest.map {
        let below = $0.addresses.upperBound <= address
        let distance = below ? address - $0.addresses.upperBound : $0.addresses.lowerBound - address
        return "; the nearest mapping is \($0.words), which "
          + (below ? "ends \(distance) bytes before it" : "begins \(distance) bytes after it")
      }
      return (.inputOutput, "\(place) of process \(process) is not mapped\(near ?? "")", nil)
    case .notReadable(let map):
      return (.notPermitted, "\(lies(in: map)), which is not readable", nil)
    case .notWritable(let map):
      return (.notPermitted, "\(lies(in: map)), which is not writable", nil)
    case .noPage(let map):
      return (
        .inputOutput,
        "\(lies(in: map)), which has no page there (it is a device, or its file ends before)", nil
      )
    case .unknownAddress:
      return (
        .inputOutput,
        "\(place) of process \(process) cannot be accessed, and its mappings cannot be read",
        nil
      )
    case .noAddress: return (.usage, "the range exceeds the 64-bit address space", nil)
    case .buffer:
      return (.inputOutput, "the mapped file of the other end became shorter in the meantime", nil)
    case .stopped: return (.interrupted, "it was interrupted", nil)
    case .other:
      return (.system, errorNumber.map { Errno(rawValue: $0).reason } ?? "nothing was copied", nil)
    case .credentials, .yama, .sandbox, .securityModule: return refusal
    }
  }

  private var refusal: (ShmError.Kind, String, Remedy?) {
    switch cause {
    case .yama(let scope):
      let who =
        switch scope {
        case 1: "only an ancestor of process \(process) has permission to ptrace it"
        case 2: "permission to ptrace process \(process) requires CAP_SYS_PTRACE"
        default: "ptrace of process \(process) is disabled until the next boot"
        }
      let remedy: Remedy? =
        switch scope {
        case 1: "run as root, or start that process from this one"
        case 2: "run as root"
        default: nil
        }
      return (.notPermitted, "\(who) (kernel.yama.ptrace_scope is \(scope))", remedy)
    case .sandbox:
      return (
        .notPermitted,
        "a sandbox refuses the system call (seccomp), also on this process itself",
        .allowProcessMemory
      )
    case .credentials(let owner):
      let whose =
        switch owner {
        case ProcessView.user?: "has different privileges, or is not dumpable"
        case .some(let user): "belongs to uid \(user)"
        case nil: "is not visible here"
        }
      return (
        .notPermitted, "process \(process) \(whose)",
        "run as the same user, or as root with CAP_SYS_PTRACE"
      )
    default:
      return (
        .notPermitted,
        "a security module (AppArmor, SELinux, Landlock) denies access to the memory of process \(process)",
        "allow ptrace in its profile"
      )
    }
  }
}

extension ProcessMap {
  /// The mapping in a sentence: addresses, protection, and what is mapped.
  var words: String {
    let start = String(addresses.lowerBound, radix: 16)
    let end = String(addresses.upperBound, radix: 16)
    let flags =
      "\(isReadable ? "r" : "-")\(isWritable ? "w" : "-")\(isShared ? " shared" : " private")"
    let what = path.isEmpty ? "" : ", \(Escaping.printable(path))"
    return "0x\(start)-0x\(end) (\(flags)\(what))"
  }
}

extension ShmError {
  /// Converts a `ProcessMemoryFailure` to a `ShmError` of kind `peerDied`, `notFound`, `inputOutput`, `notPermitted`,
  /// `usage`, `interrupted` or `system`.
  public init(_ failure: ProcessMemoryFailure) {
    self = failure.error("cannot copy the memory of process \(failure.process)")
  }
}
