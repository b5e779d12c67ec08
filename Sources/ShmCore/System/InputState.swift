import CShm
import Glibc
import SystemPackage

/// What a regular file was when reading it began: afterwards it tells whether the bytes that were read are
/// the file, or a mixture of two states of it.
///
/// A file whose size says nothing, as those of /proc and /sys, has none: its bytes are read in order to
/// their end.
package struct InputState {
  /// The bytes that the file had still to give.
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
    // Not even a look at one that says 0: some of /proc give each byte once (kmsg, trace_pipe).
    // Of another the last byte exists and none follows, or the size says nothing.
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

  /// Checks that what was read is all that the file had, and that it is the same file still.
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

  /// Whether the time of the last change of status is the same, or the change explains it: to link, unlink,
  /// chmod or chown a file leaves its contents alone. One who writes a file can set its other times back.
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
