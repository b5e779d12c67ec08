import SystemPackage

/// How much is wired on the whole host, and how much of it by processes that can be seen.
///
/// ```swift
/// let host = try HostWiring.current()
/// for holder in host.holders { print(holder.process, holder.command, holder.wired) }
/// ```
public struct HostWiring: Sendable {
  /// The bytes that mlock(2) and its like hold (`Mlocked`); each page counts once.
  public let locked: Int?
  /// The bytes that cannot be paged out for whatever reason (`Unevictable`).
  public let unevictable: Int?
  /// The sum of `VmLck` over the processes that can be seen: a page that two wire counts twice.
  public let processes: Int
  /// The processes with wired pages, the largest number of bytes first.
  public let holders: [Holder]

  /// A process with wired pages.
  public struct Holder: Hashable, Sendable {
    /// The process.
    public let process: Int32
    /// The command name of the process (comm), escaped for printing.
    public let command: String
    /// The locked bytes of the process (`VmLck`).
    public let wired: Int
  }

  /// Looks at every process. proc_pid_status(5)
  ///
  /// - Returns: the figures of this moment.
  /// - Throws: `ShmError` if /proc cannot be read.
  /// - Complexity: linear in the processes.
  public static func current() throws(ShmError) -> HostWiring {
    try ProcessView.check("cannot inspect the processes")
    let names: [FilePath.Component]
    do {
      names = try FileSystem.names(in: "/proc")
    } catch {
      throw ShmError("cannot inspect the processes", error)
    }
    var holders: [Holder] = []
    for name in names {
      guard let process = Int32(name.string),
        let text = try? FileSystem.contents(
          of: ProcessThreads.directory(of: process).appending("status"))
      else { continue }
      // Of most processes nothing more is asked.
      if let wired = ProcessStatus.wired(in: text[...]), wired > 0 {
        holders.append(
          Holder(
            process: process, command: ProcessStatus(parsing: text).name ?? "", wired: wired))
      }
    }
    holders.sort { ($1.wired, $0.process) < ($0.wired, $1.process) }
    let memory = MemoryInformation.current()
    return HostWiring(
      locked: memory?["Mlocked"], unevictable: memory?["Unevictable"],
      processes: holders.reduce(0) { $0 + $1.wired }, holders: holders)
  }
}
