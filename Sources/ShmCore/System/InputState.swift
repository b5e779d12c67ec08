import CShm
import Glibc
import SystemPackage

/// The state of a regular file at the start of reading. A comparison at the end shows whether the file changed
/// meanwhile.
///
/// A file whose size is meaningless, as in /proc and /sys, has no state. Its bytes are read in order to the end.
package struct InputState {
  /// The remaining bytes of the file.
  package let remaining: Int
  private let raw: CInt
  private let before: stat

  /// The state of an open file from where it stands; nil for anything but a regular file, and for one whose
  /// size is 0 or not what it gives. fstat(2), pread(2)
  ///
  /// - Parameters:
  ///   - raw: the file; it stays the caller's, and is looked at again by `check`.
  ///   - isDirect: whether it is read with O_DIRECT: then its size is believed, and no single byte is read.
  package init?(_ raw: CInt, isDirect: Bool = false) {
    var status = stat()
    guard unsafe fstat(raw, &status) == 0, status.st_mode & S_IFMT == S_IFREG else { return nil }
    let size = Int(status.st_size)
    // A file of size 0 is not read, because some files of /proc give each byte only once (kmsg, trace_pipe). The size
    // of another file is meaningful if the last byte exists and no byte follows it.
    guard size > 0, isDirect || Self.hasByte(raw, size - 1) && !Self.hasByte(raw, size) else {
      return nil
    }
    remaining = max(0, size - max(0, Int(lseek(raw, 0, SEEK_CUR))))
    self.raw = raw
    before = status
  }

  private static func hasByte(_ raw: CInt, _ offset: Int) -> Bool {
    var byte: UInt8 = 0
    return unsafe pread(raw, &byte, 1, offset) == 1
  }

  /// Checks that all bytes of the file were read, and that the file did not change meanwhile.
  ///
  /// - Parameters:
  ///   - count: how many bytes were read, to the end of the file.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError` of kind `inputOutput` for a file that became shorter or longer, or was written
  ///   meanwhile.
  package func check(read count: Int, _ attempt: String) throws(ShmError) {
    var now = stat()
    guard unsafe fstat(raw, &now) == 0 else {
      throw DescriptorIO.explain(Errno(rawValue: errno), attempt)
    }
    let sizes = "it had \(before.st_size) bytes at the start and has \(now.st_size) now"
    if now.st_size < before.st_size || count < remaining {
      throw failure("it shrank while it was read (\(sizes))", attempt)
    }
    if now.st_size > before.st_size || count > remaining {
      throw failure("it grew while it was read (\(sizes))", attempt)
    }
    if !isSame(now.st_mtim, before.st_mtim) || !isStatusKept(now) {
      throw failure("it was modified while it was read", attempt)
    }
  }

  /// Whether the time of the last status change is the same, or a change without effect on the contents explains it:
  /// link, unlink, chmod, chown. A writer can reset the other times of a file.
  private func isStatusKept(_ now: stat) -> Bool {
    isSame(now.st_ctim, before.st_ctim) || now.st_nlink != before.st_nlink
      || now.st_mode != before.st_mode || now.st_uid != before.st_uid
      || now.st_gid != before.st_gid
  }

  private func isSame(_ one: timespec, _ other: timespec) -> Bool {
    one.tv_sec == other.tv_sec && one.tv_nsec == other.tv_nsec
  }

  private func failure(_ reason: String, _ attempt: String) -> ShmError {
    ShmError(
      .inputOutput, attempt, reason,
      remedy: "use a pipe for a file that another process writes")
  }
}
