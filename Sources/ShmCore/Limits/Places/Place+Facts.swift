import CShm
import SystemPackage

extension Place {
  /// The facts about limits in /proc/PID/status and related files.
  package struct Facts: Hashable, Sendable {
    /// The process.
    package let process: Int32
    /// Whether that is this process.
    package let isOwn: Bool
    /// The parent process; 0 if it is outside of the PID namespace, nil if it is unknown.
    package let parent: Int32?
    /// The user that the process acts as; nil if unknown.
    package let user: UInt32?
    /// Whether CAP_IPC_LOCK is effective; nil if unknown.
    package let isWiringPermitted: Bool?
    /// Whether CAP_IPC_LOCK is in the bounding set; nil if unknown.
    package let isWiringBounding: Bool?
    /// Whether the process is in the first user namespace; nil if unknown.
    package let isInInitialNamespace: Bool?
    /// The lines of the uid map as `INSIDE OUTSIDE COUNT`, joined by commas; nil if unknown.
    package let userMap: String?
    /// Whether a filter of system calls is in force; nil if unknown.
    package let isFiltered: Bool?
    /// Whether the process has a controlling terminal; nil if unknown.
    package let hasTerminal: Bool?

    static func current(of process: Int32?) -> Facts {
      let directory = process.map { ProcessThreads.directory(of: $0) } ?? "/proc/self"
      let text = try? FileSystem.contents(of: directory.appending("status"))
      let status = text.map { ProcessStatus(parsing: $0) }
      let link = try? FileSystem.link(directory.appending("ns").appending("user"))
      let map = (try? FileSystem.contents(of: directory.appending("uid_map"))).map { userMap($0) }
      let stat = try? FileSystem.contents(of: directory.appending("stat"))
      return Facts(
        process: process ?? ProcessNumber.own, isOwn: process == nil, parent: status?.parent,
        user: status?.effectiveUser, isWiringPermitted: status?.hasEffective(.ipcLock),
        isWiringBounding: status?.hasBounding(.ipcLock),
        isInInitialNamespace: isInitial(link, map), userMap: map,
        isFiltered: status?.isFiltered, hasTerminal: stat.flatMap { hasTerminal($0) })
    }

    /// Whether a user namespace is the first one. A uid map that is not the identity proves that it is not. Otherwise
    /// its inode number decides, which is fixed (PROC_USER_INIT_INO).
    private static func isInitial(_ link: FilePath?, _ map: String?) -> Bool? {
      if let map, map != identity { return false }
      return link.map { $0.string == "user:[4026531837]" }
    }

    /// The uid map of the first user namespace. user_namespaces(7)
    private static let identity = "0 0 4294967295"

    /// The lines of /proc/PID/uid_map with one blank between words.
    static func userMap(_ text: [UInt8]) -> String {
      ProcText.lines(text).map { line in
        ProcText.words(line).map { String(decoding: $0, as: UTF8.self) }.joined(separator: " ")
      }.joined(separator: ", ")
    }

    /// The field tty_nr, the fifth after the name in parentheses. proc_pid_stat(5)
    static func hasTerminal(_ text: [UInt8]) -> Bool? {
      guard let end = text.lastIndex(of: UInt8(ascii: ")")) else { return nil }
      let words = ProcText.words(text[(end + 1)...])
      guard words.count > 4 else { return nil }
      return !words[4].elementsEqual("0".utf8)
    }
  }
}
