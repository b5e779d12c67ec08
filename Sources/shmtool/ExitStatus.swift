/// The exit statuses of the program, with their meaning: the help prints this table.
enum ExitStatus {
  static let table: [(status: String, meaning: String)] = [
    ("0", "success"),
    ("1", "the check failed, or the answer is no (verify, copy --verify, limits)"),
    ("2", "the answer is unknown (limits --need, --room)"),
    ("64", "invalid usage, or a size or range that does not fit"),
    ("65", "not shared memory, corrupt, or incompatible"),
    ("66", "not found"),
    ("69", "the peer died"),
    ("70", "internal error: a bug in shmtool"),
    ("71", "another system error"),
    ("73", "already exists"),
    ("74", "input/output error"),
    ("75", "in use"),
    ("76", "the peer aborted"),
    ("77", "permission denied"),
    ("78", "a limit does not allow wiring"),
    ("79", "no space (tmpfs, huge pages, memory or quota)"),
    ("124", "timed out"),
    ("126", "CMD cannot be run"),
    ("127", "CMD not found"),
    ("128+N", "ended by signal N"),
  ]
}
