import Glibc

/// How a command ended: by its exit status, or by a signal.
struct CommandEnd: Equatable {
  /// The exit status, or 256 and the number of the signal, as `cshmtool_exit_code` returns it.
  private let code: CInt

  init(code: CInt) { self.code = code }

  /// The exit status of the command, or 128 and the number of the signal, as in a shell.
  var status: CInt { code < 256 ? code : code - 256 + 128 }

  /// What happened, after the name of the command: "exited with status 3", "was killed by signal 9 (SIGKILL)".
  var sentence: String {
    guard code >= 256 else { return "exited with status \(code)" }
    let number = code - 256
    let name = Self.names[number].map { " (\($0))" } ?? ""
    return "was killed by signal \(number)\(name)"
  }

  /// The signals that commonly end a process.
  private static let names: [CInt: String] = [
    SIGHUP: "SIGHUP", SIGINT: "SIGINT", SIGQUIT: "SIGQUIT", SIGILL: "SIGILL", SIGABRT: "SIGABRT",
    SIGBUS: "SIGBUS", SIGFPE: "SIGFPE", SIGKILL: "SIGKILL", SIGSEGV: "SIGSEGV",
    SIGPIPE: "SIGPIPE", SIGALRM: "SIGALRM", SIGTERM: "SIGTERM", SIGXCPU: "SIGXCPU",
    SIGSYS: "SIGSYS",
  ]
}
