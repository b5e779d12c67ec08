import CShm
import Glibc
import ShmCore
import SystemPackage

/// The standard descriptors of this process.
enum StandardStreams {
  /// Opens the numbers 0, 1 and 2 if they are closed, so that no region gets one of them and is written to by
  /// mistake. Reading or writing them still fails with EBADF. A write past RLIMIT_FSIZE fails with EFBIG from
  /// now on, without SIGXFSZ.
  static func prepare() {
    for number in STDIN_FILENO...STDERR_FILENO where !OwnedDescriptor.isOpen(number) {
      // Not a directory, because an input that is a directory has another message.
      if unsafe cshm_openat(AT_FDCWD, "/dev/null", cshm_O_PATH, 0) < 0 {
        _ = unsafe cshm_openat(AT_FDCWD, "/", cshm_O_PATH, 0)
      }
    }
    TerminationSignals.ignoreFileSizeSignal()
    // If the parent ignored SIGCHLD, this process could not get the exit status of its commands.
    signal(SIGCHLD, SIG_DFL)
  }

  /// Closes standard output, which can report a lost write. close(2)
  static func closeOutput(_ attempt: String) throws(ShmError) {
    if close(STDOUT_FILENO) != 0, errno != EINTR {
      throw DescriptorIO.explain(Errno(rawValue: errno), attempt)
    }
    // Keeps the number in use, so that no later open gets it.
    _ = unsafe cshm_openat(AT_FDCWD, "/dev/null", cshm_O_PATH, 0)
  }

  /// Whether a descriptor is a terminal. isatty(3)
  static func isTerminal(_ raw: CInt) -> Bool {
    DescriptorKind.isTerminal(raw)
  }
}
