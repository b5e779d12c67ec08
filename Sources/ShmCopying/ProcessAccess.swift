import CShm
import Glibc
import ShmCore
import SystemPackage

/// The evidence that distinguishes why the kernel refuses to copy another process's memory. All reasons have the same
/// error number.
struct ProcessAccess: Sendable {
  /// Whether the call works on this process itself, which needs no permission: a sandbox refuses it
  /// there, too.
  let worksOnItself: Bool
  /// Whether /proc/PID/maps can be read. It requires the same permission as process_vm_readv(2), but Yama and other
  /// security modules restrict only that call. ptrace(2), "Ptrace access mode checking"
  let mayBeInspected: Bool
  /// kernel.yama.ptrace_scope; nil if the kernel has no Yama.
  let yamaScope: Int?
  /// The user of the process; nil if it is not visible.
  let owner: UInt32?

  init(worksOnItself: Bool, mayBeInspected: Bool, yamaScope: Int?, owner: UInt32?) {
    self.worksOnItself = worksOnItself
    self.mayBeInspected = mayBeInspected
    self.yamaScope = yamaScope
    self.owner = owner
  }

  /// Looks, after a call has failed with `error`.
  init(_ process: Int32, _ error: Errno) {
    let setting = try? FileSystem.contents(of: "/proc/sys/kernel/yama/ptrace_scope")
    self.init(
      worksOnItself: error != .noFunction && Self.callWorks(),
      mayBeInspected: ProcessMap.all(of: process) != nil,
      yamaScope: setting.flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) },
      owner: ProcessView.owner(of: process))
  }

  /// Why it was refused.
  var cause: ProcessMemoryFailure.Cause {
    if !worksOnItself { return .sandbox }
    if !mayBeInspected { return .credentials(owner: owner) }
    if let yamaScope, yamaScope > 0 { return .yama(scope: yamaScope) }
    return .securityModule
  }

  private static func callWorks() -> Bool {
    var (source, target): (UInt8, UInt8) = (1, 0)
    return unsafe withUnsafeMutableBytes(of: &target) { target in
      unsafe withUnsafeBytes(of: &source) { source in
        let address = UInt64(UInt(bitPattern: source.baseAddress))
        let copied = try? unsafe ProcessCalls.read(
          getpid(), [cshm_piece(address: address, length: 1)], into: target)
        return copied == 1
      }
    }
  }
}
