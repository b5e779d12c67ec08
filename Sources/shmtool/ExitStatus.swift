import ShmCore

/// The exit statuses of the program, with their meaning and the kinds of error that end with them. The
/// help prints this table.
enum ExitStatus {
  /// One row of the table.
  struct Row {
    /// The status as the help prints it.
    let status: String
    let meaning: String
    /// The errors that end with this status.
    var kinds: [ShmError.Kind] = []
  }

  static let table: [Row] = [
    Row(status: "0", meaning: "success"),
    Row(
      status: "1", meaning: "the check failed, or the answer is no (verify, copy --verify, limits)",
      kinds: [.checkFailed]),
    Row(
      status: "2", meaning: "the answer is unknown (limits, wait)",
      kinds: [.answerUnknown]),
    Row(
      status: "64", meaning: "usage error: an invalid option or operand", kinds: [.usage]),
    Row(
      status: "65",
      meaning: "not shared memory, damaged, incompatible, or a range that does not fit",
      kinds: [.notSharedMemory, .incompatible, .damaged, .doesNotFit]),
    Row(status: "66", meaning: "not found", kinds: [.notFound]),
    Row(status: "69", meaning: "the peer died", kinds: [.peerDied]),
    Row(status: "70", meaning: "internal error: a bug in shmtool", kinds: [.defect]),
    Row(status: "71", meaning: "another system error", kinds: [.system]),
    Row(status: "73", meaning: "already exists", kinds: [.exists]),
    Row(status: "74", meaning: "input/output error", kinds: [.inputOutput]),
    Row(status: "75", meaning: "in use", kinds: [.busy]),
    Row(status: "76", meaning: "the peer aborted", kinds: [.aborted]),
    Row(status: "77", meaning: "permission denied", kinds: [.notPermitted]),
    Row(status: "78", meaning: "a limit does not allow wiring", kinds: [.limit]),
    Row(
      status: "79", meaning: "no space (tmpfs, huge pages, memory or quota)", kinds: [.noSpace]),
    Row(status: "124", meaning: "timed out", kinds: [.timedOut]),
    Row(status: "126", meaning: "CMD cannot be run", kinds: [.cannotRun]),
    Row(status: "127", meaning: "CMD not found", kinds: [.commandNotFound]),
    Row(status: "128+N", meaning: "ended by signal N"),
  ]

  /// The status that an error of a kind ends with. A kind without a separate status is another system error.
  static func of(_ kind: ShmError.Kind) -> Int32 {
    if kind == .interrupted { return 130 }
    let row = table.first { $0.kinds.contains(kind) }
    return row.flatMap { Int32($0.status) } ?? 71
  }
}

extension ShmError.Kind {
  /// The answer of a check is no.
  static let checkFailed = Self("check_failed")
  /// CMD exited with a status other than 0, which becomes the exit status.
  static let commandFailed = Self("command_failed")
  /// CMD cannot be run.
  static let cannotRun = Self("cannot_run")
  /// CMD is not found.
  static let commandNotFound = Self("command_not_found")
}
