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
///   if case .notMapped(let nearest?) = error.cause { print(error.copied, nearest.addresses) }
/// }
/// ```
public struct ProcessMemoryFailure: Error, Sendable {
  /// What stopped it.
  public enum Cause: Sendable, Equatable {
    /// The process has ended. What the last call copied is not counted: the number may have been
    /// another process's by then.
    case ended
    /// It has no memory of its own: it is a thread of the kernel.
    case noMemory
    /// Nothing is mapped at the address; the mapping nearest to it, if there is any.
    case notMapped(ProcessMap?)
    /// The mapping there may not be read.
    case notReadable(ProcessMap)
    /// The mapping there may not be written.
    case notWritable(ProcessMap)
    /// The mapping there allows it, and yet has no page: behind the end of a file, or a device's.
    case noPage(ProcessMap)
    /// The address cannot be had, and the mappings cannot be seen.
    case unknownAddress
    /// The range passes the end of all addresses.
    case noAddress
    /// The caller's own buffer has no page: what it maps has become shorter, or there is no memory.
    case buffer
    /// The process belongs to another user, has other privileges, or does not let itself be looked at.
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

  /// What stopped it.
  public let cause: Cause
  /// The process.
  public let process: Int32
  /// The first address in it that was not copied.
  public let address: UInt64
  /// How many bytes were copied before: exactly these.
  public let copied: Int
  /// The error number of the call; nil where none failed. errno(3)
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

  /// The error for a user: why, with the mapping or the setting that is meant, and what to do.
  ///
  /// - Parameter attempt: what was tried, and on what.
  /// - Returns: the sentence, of kind `peerDied`, `notFound`, `inputOutput`, `notPermitted`, `usage`
  ///   or `system`.
  public func error(_ attempt: String) -> ShmError {
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
        .notFound, "process \(process) has no memory of its own: it is a thread of the kernel", nil
      )
    case .notMapped(let nearest):
      let near = nearest.map {
        let below = $0.addresses.upperBound <= address
        let distance = below ? address - $0.addresses.upperBound : $0.addresses.lowerBound - address
        return "; the nearest mapping is \($0.words), which "
          + (below ? "ends \(distance) bytes before" : "begins \(distance) bytes behind")
      }
      return (.inputOutput, "\(place) of process \(process) is not mapped\(near ?? "")", nil)
    case .notReadable(let map):
      return (.notPermitted, "\(lies(in: map)), which may not be read", nil)
    case .notWritable(let map):
      return (.notPermitted, "\(lies(in: map)), which may not be written", nil)
    case .noPage(let map):
      return (
        .inputOutput,
        "\(lies(in: map)), and has no page there: a file ends before, or it is a device's", nil
      )
    case .unknownAddress:
      return (
        .inputOutput, "\(place) of process \(process) cannot be had, and its mappings not be seen",
        nil
      )
    case .noAddress: return (.usage, "the range passes the end of all addresses", nil)
    case .buffer:
      return (.inputOutput, "what the other side maps has become shorter meanwhile", nil)
    case .stopped: return (.interrupted, "it was stopped", nil)
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
        case 1: "only a process that it descends from may look into process \(process)"
        case 2: "only CAP_SYS_PTRACE may look into process \(process)"
        default: "nobody may look into process \(process) until the next start"
        }
      let remedy: Remedy? =
        switch scope {
        case 1: "start it from this one, ask as root, or 'sysctl kernel.yama.ptrace_scope=0'"
        case 2: "ask as root, or 'sysctl kernel.yama.ptrace_scope=0'"
        default: nil
        }
      return (.notPermitted, "\(who) (kernel.yama.ptrace_scope is \(scope))", remedy)
    case .sandbox:
      return (
        .notPermitted,
        "a sandbox refuses the system call, on this process itself, too (seccomp)",
        .allowProcessMemory
      )
    case .credentials(let owner):
      let whose =
        switch owner {
        case ProcessView.user?: "has other privileges than this one, or lets nobody look at it"
        case .some(let user): "belongs to uid \(user)"
        case nil: "cannot be seen"
        }
      return (
        .notPermitted, "process \(process) \(whose)",
        "ask as its user, or as root with CAP_SYS_PTRACE"
      )
    default:
      return (
        .notPermitted,
        "a security module refuses to let process \(process) be looked into (AppArmor, SELinux, Landlock)",
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
