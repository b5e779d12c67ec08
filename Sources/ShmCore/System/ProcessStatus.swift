import SystemPackage

/// The contents of /proc/PID/status. proc_pid_status(5)
package struct ProcessStatus: Sendable {
  /// Capabilities by their bit. capabilities(7)
  package enum Capability: UInt64, Sendable {
    /// Wire without limit.
    case ipcLock = 14
    /// Inspect other processes.
    case sysPtrace = 19
    /// See physical frames, among much else.
    case sysAdmin = 21
    /// Raise hard limits.
    case sysResource = 24
    /// Have leases on files of other users.
    case lease = 28
  }

  /// The process's name, with the kernel's escapes.
  package let name: String?
  /// The real user.
  package let user: UInt32?
  /// The user that it acts as.
  package let effectiveUser: UInt32?
  /// The parent process; 0 if it is outside of the PID namespace.
  package let parent: Int32?
  /// Whether a filter of system calls is in force; nil for a kernel that does not say. seccomp(2)
  package let isFiltered: Bool?
  /// Wired bytes (`VmLck`); nil for a kernel thread.
  package let wired: Int?
  /// Pinned bytes (`VmPin`); nil for a kernel thread.
  package let pinned: Int?
  /// Whether it was stopped, by a signal or a debugger.
  package let isStopped: Bool
  private let effective: UInt64
  private let bounding: UInt64?

  /// Parses the text. A missing or malformed field is nil.
  package init(parsing text: [UInt8]) {
    var fields: [String: ArraySlice<UInt8>] = [:]
    for line in ProcText.lines(text) {
      if let field = ProcText.field(line) { fields[field.name] = field.value }
    }
    name = fields["Name"].map { Escaping.printable($0) }
    let users = (fields["Uid"].map { ProcText.words($0) } ?? []).map { word in
      ProcText.decimal(word).flatMap { UInt32(exactly: $0) }
    }
    user = users.first ?? nil
    effectiveUser = users.dropFirst().first ?? nil
    parent = fields["PPid"].flatMap { ProcText.decimal($0) }.flatMap { Int32(exactly: $0) }
    isFiltered = fields["Seccomp"].flatMap { ProcText.decimal($0) }.map { $0 != 0 }
    wired = fields["VmLck"].flatMap { ProcText.amount($0) }
    pinned = fields["VmPin"].flatMap { ProcText.amount($0) }
    isStopped = fields["State"]?.first.map { "Tt".utf8.contains($0) } ?? false
    effective = fields["CapEff"].flatMap { ProcText.hexadecimal($0) } ?? 0
    bounding = fields["CapBnd"].flatMap { ProcText.hexadecimal($0) }
  }

  /// Whether a process is stopped; false if unknown.
  package static func isStopped(_ process: Int32) -> Bool {
    guard let text = try? FileSystem.contents(of: FilePath("/proc/\(process)/status")) else {
      return false
    }
    return ProcessStatus(parsing: text).isStopped
  }

  /// The letter of a process's state, such as T for a stopped process; nil if it cannot be read.
  package static func state(of process: Int32) -> UInt8? {
    guard let text = try? FileSystem.contents(of: FilePath("/proc/\(process)/status")) else {
      return nil
    }
    return ProcText.lines(text).lazy.compactMap { ProcText.field($0) }
      .first { $0.name == "State" }?.value.first
  }

  /// The bytes that this process has wired (`VmLck`); 0 if that cannot be read.
  package static var ownWired: Int {
    (try? FileSystem.contents(of: "/proc/self/status")).flatMap { wired(in: $0[...]) } ?? 0
  }

  /// The wired bytes alone (`VmLck`), for many processes; nil if the text does not contain them.
  package static func wired(in text: ArraySlice<UInt8>) -> Int? {
    let line = Array("\nVmLck:".utf8)
    guard let found = text.firstRange(of: line) else { return nil }
    return ProcText.amount(text[found.upperBound...].prefix { $0 != UInt8(ascii: "\n") })
  }

  /// Whether a capability is effective. Root can lack it in a container.
  package func hasEffective(_ capability: Capability) -> Bool {
    effective & (1 << capability.rawValue) != 0
  }

  /// Whether a capability is in the bounding set: a program with it as a file capability, or one that
  /// runs as root, may have it. nil if the text does not say.
  package func hasBounding(_ capability: Capability) -> Bool? {
    bounding.map { $0 & (1 << capability.rawValue) != 0 }
  }
}
