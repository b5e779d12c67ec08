import Glibc
public import ShmCore
import SystemPackage

/// A process that uses a region.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"), access: .status)
/// let identity = try region.status().identity
/// for user in try RegionUsers.scan(for: [identity]).users(of: identity) {
///   print(user.process, user.mappedBytes, user.descriptors)
/// }
/// ```
public struct RegionUser: Hashable, Sendable {
  /// The process.
  public let process: Int32
  /// The user of the process; nil if unknown.
  public let user: UInt32?
  /// Its command, as the kernel keeps it: 15 bytes at most.
  public let command: [UInt8]

  /// The command name, escaped for one line of a terminal.
  public var displayName: String { Escaping.printable(command) }
  /// The mappings of the region.
  public internal(set) var mappings: [ProcessMap] = []
  /// The descriptors that it has open on the region.
  public internal(set) var descriptors: [Int32] = []

  /// The bytes of its addresses that the region is mapped to.
  public var mappedBytes: Int {
    mappings.reduce(0) { $0 + Int(clamping: $1.addresses.upperBound - $1.addresses.lowerBound) }
  }

  /// Whether it cannot write by a mapping. A process that inspects a region has it open, and maps it without any access,
  /// or read-only to find the control groups of its pages.
  var mayInspectOnly: Bool { mappings.allSatisfy { !$0.isWritable } }

  init(process: Int32, user: UInt32?, command: [UInt8]) {
    self.process = process
    self.user = user
    self.command = command
  }

  /// A process as /proc shows it. proc_pid_comm(5)
  package init(process: Int32) {
    self.init(
      process: process, user: (try? FileSystem.status(FilePath("/proc/\(process)")))?.st_uid,
      command: ProcessNumber.command(of: process) ?? [])
  }

  /// A process whose directory is open.
  ///
  /// - Parameters:
  ///   - directory: the process's.
  ///   - buffer: a buffer for reading.
  init(_ directory: borrowing ProcessDirectory, buffer: inout [UInt8]) {
    let count = (try? directory.readStart("comm", into: &buffer)) ?? 0
    self.init(
      process: directory.process, user: directory.user,
      command: Array(buffer[..<count].prefix { $0 != UInt8(ascii: "\n") }))
  }
}

extension RegionUser {
  /// The processes visible in /proc, without the regions that they use.
  package static func all() -> [RegionUser] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let processes = (try? ProcessDirectory.processes(buffer: &buffer)) ?? []
    return processes.map { RegionUser(process: $0) }
  }
}
