import CShm
import Glibc
import SystemPackage

/// A command at one end of a pipe whose other end is ours: a producer, or a consumer.
package struct PipedCommand: ~Copyable {
  /// Which way the bytes go.
  package enum Role {
    /// It writes, and we read.
    case producer
    /// It reads, and we write.
    case consumer
  }

  private let child: ChildProcess
  private let end: OwnedDescriptor
  private let name: String

  /// Starts it.
  ///
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`.
  package init(_ command: [String], _ role: Role) throws(ShmError) {
    let name = Escaping.printable(command.first ?? "")
    var ends: [CInt] = [-1, -1]
    try ShmError.saying("cannot run '\(name)'") { () throws(Errno) in
      _ = try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    }
    let reading = OwnedDescriptor(adopting: ends[0])
    let writing = OwnedDescriptor(adopting: ends[1])
    let started = try ShmError.explaining({ ChildProcess.explain($0, name) }) { () throws(Errno) in
      try ChildProcess(
        command, input: role == .consumer ? ends[0] : nil,
        output: role == .producer ? ends[1] : nil, descriptors: [], environment: [])
    }
    self.name = name
    child = started
    // The child has its own copy of the other end: here it is closed, or its end would not be seen.
    switch role {
    case .producer: end = reading
    case .consumer: end = writing
    }
  }

  /// Says beforehand that a command cannot be started, as far as that can be seen. access(2)
  ///
  /// - Parameters:
  ///   - command: the command and its arguments.
  ///   - path: the directories where it is looked for, separated by colons.
  /// - Throws: `ShmError`: `commandNotFound`, `cannotRun`.
  package static func check(_ command: [String], path: String) throws(ShmError) {
    guard let name = command.first else { return }
    let shown = Escaping.printable(name)
    let places =
      name.utf8.contains(UInt8(ascii: "/"))
      ? [FilePath(name)]
      : path.split(separator: ":", omittingEmptySubsequences: false)
        .map { FilePath($0.isEmpty ? "." : String($0)).appending(name) }
    if places.contains(where: FileSystem.mayExecute) { return }
    let isThere = places.contains(where: FileSystem.exists)
    throw ChildProcess.explain(isThere ? .permissionDenied : .noSuchFileOrDirectory, shown)
  }

  /// Our end of the pipe.
  package var descriptor: CInt { end.raw }

  /// Closes the pipe, and waits until the command has ended.
  ///
  /// - Parameter interrupt: a descriptor that becomes readable when the waiting is to end, and the
  ///   command with it.
  /// - Returns: its exit code, 128 + n for signal n.
  /// - Throws: `ShmError`: `interrupted`.
  package consuming func finish(interrupt: CInt? = nil) throws(ShmError) -> Int32 {
    let attempt = "cannot wait for '\(name)'"
    let child = self.child
    do throws(Errno) {
      try end.close()
      let watched = [child.ended.raw] + (interrupt.map { [$0] } ?? [])
      let ready = try Polling.wait(for: watched, milliseconds: nil)
      if !ready[0] { ChildProcess.send(SIGTERM, to: child.identifier) }
      let code = try child.wait()
      if ready[0] { return code }
    } catch {
      throw ShmError(attempt, error)
    }
    throw ShmError(.interrupted, attempt, "it was interrupted")
  }

  /// Ends the command, which is of no use any more: closes the pipe, and sends SIGTERM.
  package consuming func cancel() {
    let process = child.identifier
    ChildProcess.send(SIGTERM, to: process)
    _ = try? finish()
  }
}
