import ArgumentParser
import ShmCore

/// How long something is held, and what is notified when it is held.
struct HoldOptions: ParsableArguments {
  @Option(
    name: .customLong("for"), parsing: .unconditional,
    help: ArgumentHelp("Hold for DURATION, such as 250ms, 5s, 2m or 1h", valueName: "DURATION"),
    transform: TimeSpan.parse)
  var duration: TimeSpan?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp("Hold until process PID exits", valueName: "PID"),
    completion: CompletionDomain.process.kind, transform: { try ProcessID.parse($0).pid })
  var whilePid: Int32?

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Write a line to file descriptor FD, and close it when all regions are held",
      valueName: "FD"), transform: { try DescriptorNumber.parse($0).descriptor })
  var readyFd: Int32?

  /// Whether any of these options was given.
  var isGiven: Bool { duration != nil || whilePid != nil || readyFd != nil }

  /// CMD's end is the end of the holding: nothing else can be.
  func refuseTerms(beside command: [[UInt8]]) throws {
    if !command.isEmpty, duration != nil || whilePid != nil {
      throw ValidationError("CMD cannot be used with --for or --while-pid")
    }
  }

  /// Refuses beforehand a descriptor that is closed.
  func checkReadiness() throws(ShmError) {
    if let readyFd { try Readiness.check(descriptor: readyFd) }
  }

  /// Notifies the descriptor, and the service manager if there is one.
  func announce() throws(ShmError) {
    if let socket = ProcessEnvironment.bytes("NOTIFY_SOCKET"), !socket.isEmpty {
      try Readiness.announce(serviceManagerAt: socket)
    }
    if let readyFd { try Readiness.announce(descriptor: readyFd) }
  }
}
