import CShm
import Glibc
import ShmCore
import SystemPackage

/// What a program sees to before it opens anything.
enum StandardStreams {
  /// Gives the numbers 0, 1 and 2 to something where they are closed, so that no region is opened
  /// under them and written to by mistake. To read or write what is put there is EBADF, as it would
  /// be otherwise. And a write past RLIMIT_FSIZE is EFBIG from now on, not SIGXFSZ.
  static func prepare() {
    for number in STDIN_FILENO...STDERR_FILENO where !OwnedDescriptor.isOpen(number) {
      // Not a directory, which an input is refused for in other words.
      if unsafe cshm_openat(AT_FDCWD, "/dev/null", cshm_O_PATH, 0) < 0 {
        _ = unsafe cshm_openat(AT_FDCWD, "/", cshm_O_PATH, 0)
      }
    }
    TerminationSignals.ignoreFileSizeSignal()
    // Started by one that ignores it, this process would not learn how its commands have ended.
    signal(SIGCHLD, SIG_DFL)
  }

  /// Closes standard output: the last chance to hear of a lost write. close(2)
  static func closeOutput(_ attempt: String) throws(ShmError) {
    if close(STDOUT_FILENO) != 0, errno != EINTR {
      throw DescriptorIO.explain(Errno(rawValue: errno), attempt)
    }
    // The number is not free for the next that opens something.
    _ = unsafe cshm_openat(AT_FDCWD, "/dev/null", cshm_O_PATH, 0)
  }

  /// Whether a descriptor is a terminal. isatty(3)
  static func isTerminal(_ raw: CInt) -> Bool {
    DescriptorKind.isTerminal(raw)
  }
}
