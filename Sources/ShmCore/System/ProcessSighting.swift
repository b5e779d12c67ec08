import Glibc
import SystemPackage

/// What /proc/PID/stat shows of a process at one moment. proc_pid_stat(5)
package struct ProcessSighting {
  package let process: Int32
  package let parent: Int32
  package let session: Int32
  /// The start time in clock ticks since boot. Together with the process ID it identifies a process.
  package let start: Int
  private let state: UInt8

  /// Whether it can start no process: stopped or ended.
  package var isStill: Bool { "TtZX".utf8.contains(state) }
  package var hasEnded: Bool { "ZX".utf8.contains(state) }

  /// - Returns: nil if the process does not exist or cannot be inspected.
  package init?(of process: Int32) {
    guard let text = try? FileSystem.contents(of: FilePath("/proc/\(process)/stat")),
      // The name before it may contain any character.
      let end = text.lastIndex(of: UInt8(ascii: ")"))
    else { return nil }
    let fields = ProcText.words(text[(end + 1)...])
    guard fields.count >= 20, let state = fields[0].first,
      let parent = ProcText.decimal(fields[1]), let session = ProcText.decimal(fields[3]),
      let start = ProcText.decimal(fields[19])
    else { return nil }
    self.process = process
    self.parent = Int32(parent)
    self.session = Int32(session)
    self.start = start
    self.state = state
  }

  /// These processes and their descendants.
  ///
  /// If the kernel lists the children of a process (CONFIG_PROC_CHILDREN), only these processes are inspected.
  /// Otherwise the result contains all processes of the machine.
  ///
  /// - Parameters:
  ///   - roots: the processes to begin with.
  ///   - adopter: a process whose children belong to the result as well; the process itself does not.
  /// - Returns: the sightings by process ID.
  package static func all(below roots: [Int32], besides adopter: Int32?) -> [Int32: ProcessSighting]
  {
    guard FileSystem.exists("/proc/thread-self/children") else { return all() }
    var seen: [Int32: ProcessSighting] = [:]
    var next = roots
    while true {
      while let process = next.popLast() {
        guard seen[process] == nil, let one = ProcessSighting(of: process) else { continue }
        seen[process] = one
        next += children(of: process)
      }
      // Last, because the children of a process that has ended meanwhile are the adopter's now.
      if let adopter { next = children(of: adopter).filter { seen[$0] == nil } }
      if next.isEmpty { return seen }
    }
  }

  private static func all() -> [Int32: ProcessSighting] {
    var seen: [Int32: ProcessSighting] = [:]
    for name in (try? FileSystem.names(in: "/proc")) ?? [] {
      guard let process = number(name.bytes[...]), let one = ProcessSighting(of: process)
      else { continue }
      seen[process] = one
    }
    return seen
  }

  /// The children of all threads of a process; empty if it has ended. proc_tid_children(5)
  private static func children(of process: Int32) -> [Int32] {
    let tasks = FilePath("/proc/\(process)/task")
    var children: [Int32] = []
    for thread in (try? FileSystem.names(in: tasks)) ?? [] {
      guard let text = try? FileSystem.contents(of: tasks.appending(thread).appending("children"))
      else { continue }
      children += ProcText.words(text[...]).compactMap(number)
    }
    return children
  }

  private static func number(_ digits: ArraySlice<UInt8>) -> Int32? {
    ProcText.decimal(digits).flatMap { Int32(exactly: $0) }
  }
}
