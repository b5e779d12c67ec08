import ArgumentParser
import ShmCore

/// How long something is held, and who is told that it is.
struct HoldOptions: ParsableArguments {
  @Option(
    name: .customLong("for"), parsing: .unconditional,
    help: ArgumentHelp("Hold for DURATION, such as 250ms, 5s, 2m or 1h", valueName: "DURATION"),
    transform: TimeSpan.parse)
  var duration: TimeSpan?

  @Option(
    help: ArgumentHelp("Hold until process PID exits", valueName: "PID"),
    completion: CompletionDomain.process.kind)
  var whilePid: Int32?

  @Option(
    help: ArgumentHelp(
      "Write a line to file descriptor FD, and close it, when everything is held",
      valueName: "FD"))
  var readyFd: Int32?

  func check() throws {
    if let whilePid, whilePid <= 0 { throw ValidationError("--while-pid takes a process's number") }
    if let readyFd, readyFd < 0 { throw ValidationError("--ready-fd takes an open descriptor") }
  }

  /// Whether anything was said of how long, or of who is told.
  var isGiven: Bool { duration != nil || whilePid != nil || readyFd != nil }

  /// CMD's end is the end of the holding: nothing else can be.
  func refuseTerms(beside command: [[UInt8]]) throws {
    if !command.isEmpty, duration != nil || whilePid != nil {
      throw ValidationError("CMD ends the wiring: --for and --while-pid exclude it")
    }
  }

  /// Refuses beforehand a descriptor that is closed.
  func checkReadiness() throws(ShmError) {
    if let readyFd { try Readiness.check(descriptor: readyFd) }
  }

  /// Tells who waits for it: the descriptor, and the service manager where there is one.
  func announce() throws(ShmError) {
    if let socket = ProcessEnvironment.bytes("NOTIFY_SOCKET"), !socket.isEmpty {
      try Readiness.announce(serviceManagerAt: socket)
    }
    if let readyFd { try Readiness.announce(descriptor: readyFd) }
  }
}
