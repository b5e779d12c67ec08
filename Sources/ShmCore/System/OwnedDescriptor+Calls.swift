package import CShm
package import Glibc
package import SystemPackage

/// The system calls that take a descriptor.
extension OwnedDescriptor {
  /// fstat(2)
  package func status() throws(Errno) -> stat {
    var status = stat()
    try SystemCall.check { unsafe fstat(raw, &status) }
    return status
  }

  /// fstatfs(2)
  package func fileSystemStatus() throws(Errno) -> cshm_filesystem {
    var status = cshm_filesystem()
    try SystemCall.checkNegated { unsafe cshm_filesystem_status(raw, nil, &status) }
    return status
  }

  /// When the file was created, in seconds since 1970; nil if the file system does not record it. statx(2)
  package func birthTime() -> Int? {
    var seconds: Int64 = 0
    var known: CInt = 0
    let answer = unsafe cshm_birth_time(raw, "", &seconds, &known)
    return answer == 0 && known != 0 ? Int(seconds) : nil
  }

  /// Whether this process may write the file, whatever the descriptor allows. faccessat(2)
  package func mayWrite() -> Bool {
    unsafe faccessat(AT_FDCWD, "/proc/self/fd/\(raw)", W_OK, AT_EACCESS) == 0
  }

  /// ftruncate(2)
  package func truncate(to size: Int) throws(Errno) {
    try SystemCall.check { ftruncate(raw, off_t(size)) }
  }

  /// fallocate(2) without a retry. The caller handles signals, because tmpfs restarts an interrupted call from the
  /// beginning.
  package func allocate(_ range: Range<Int>, mode: CInt) throws(Errno) {
    let answer = cshm_fallocate(raw, mode, off_t(range.lowerBound), off_t(range.count))
    if answer < 0 { throw Errno(rawValue: -answer) }
  }

  /// fchmod(2)
  package func changeMode(to mode: UInt32) throws(Errno) {
    try SystemCall.check { fchmod(raw, mode) }
  }

  /// Gives the open, unnamed file a name, which must be free. linkat(2)
  package func link(at path: FilePath) throws(Errno) {
    do {
      try SystemCall.checkNegated {
        unsafe path.withPlatformString { unsafe cshm_link_by_proc(raw, $0) }
      }
    } catch .noSuchFileOrDirectory {
      // No /proc here. By the descriptor it takes a privilege on kernels before 6.10.
      try SystemCall.checkNegated {
        unsafe path.withPlatformString { unsafe cshm_link_by_descriptor(raw, $0) }
      }
    }
  }

  /// Whether the open, unnamed file can be linked into a directory, which must be known before its
  /// contents are taken: an input can be read once. "." is taken in every directory, and the kernel
  /// says so only after it has found the file to link. linkat(2)
  package func canLink(in directory: FilePath) -> Bool {
    do {
      try link(at: directory.appending("."))
      return false
    } catch {
      return error == .fileExists
    }
  }

  /// fchown(2)
  package func changeOwner(to user: UInt32, _ group: UInt32) throws(Errno) {
    try SystemCall.check { fchown(raw, user, group) }
  }

  /// F_ADD_SEALS of fcntl(2)
  package func add(seals: CInt) throws(Errno) {
    try SystemCall.checkNegated { cshm_add_seals(raw, seals) }
  }

  /// F_GET_SEALS of fcntl(2)
  package func seals() throws(Errno) -> CInt {
    try SystemCall.checkNegated { cshm_get_seals(raw) }
  }

  /// The access mode the descriptor was opened with. F_GETFL of fcntl(2)
  package func isWritable() throws(Errno) -> Bool {
    let flags = try SystemCall.checkNegated { cshm_fcntl(raw, F_GETFL, 0) }
    return flags & O_ACCMODE == O_RDWR
  }

  /// A second descriptor of the same open file, at `lowest` or above. F_DUPFD_CLOEXEC of fcntl(2)
  package func duplicate(atLeast lowest: CInt = 3) throws(Errno) -> OwnedDescriptor {
    try Self.duplicate(raw, atLeast: lowest)
  }

  /// The same of a descriptor that belongs to the caller. F_DUPFD_CLOEXEC of fcntl(2)
  package static func duplicate(
    _ raw: CInt, atLeast lowest: CInt = 3
  ) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(
      adopting: try SystemCall.checkNegated { cshm_fcntl(raw, F_DUPFD_CLOEXEC, lowest) })
  }

  /// Sets the offset of the next read(2) or write(2). Returns whether that is possible. lseek(2)
  package func move(to offset: Int) -> Bool {
    lseek(raw, off_t(offset), SEEK_SET) >= 0
  }

  /// read(2)
  package func read(into buffer: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
    try unsafe Self.read(raw, into: buffer)
  }

  /// read(2) of a descriptor that this value does not own: standard input.
  package static func read(
    _ raw: CInt, into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try SystemCall.check { unsafe Glibc.read(raw, buffer.baseAddress, buffer.count) }
  }

  /// write(2) to a descriptor that this value does not own: standard output.
  package static func write(
    _ raw: CInt, from buffer: UnsafeRawBufferPointer
  ) throws(Errno) -> Int {
    try SystemCall.check { unsafe Glibc.write(raw, buffer.baseAddress, buffer.count) }
  }

  /// pread(2)
  package func read(
    into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(Errno) -> Int {
    try unsafe Self.read(raw, into: buffer, at: offset)
  }

  /// pread(2) of a descriptor that this value does not own.
  package static func read(
    _ raw: CInt, into buffer: UnsafeMutableRawBufferPointer, at offset: Int
  ) throws(Errno) -> Int {
    try SystemCall.check {
      unsafe pread(raw, buffer.baseAddress, buffer.count, off_t(offset))
    }
  }

  /// pwrite(2)
  package func write(_ buffer: UnsafeRawBufferPointer, at offset: Int) throws(Errno) -> Int {
    try SystemCall.check {
      unsafe pwrite(raw, buffer.baseAddress, buffer.count, off_t(offset))
    }
  }

  /// Counts of the page cache over a range, nil for all. cachestat(2), Linux 6.5
  package func cacheStatistics(of range: Range<Int>? = nil) throws(Errno) -> cshm_cachestat {
    var statistics = cshm_cachestat()
    let (offset, length) = (range?.lowerBound ?? 0, range?.count ?? 0)
    try SystemCall.checkNegated {
      unsafe cshm_cachestat(raw, UInt64(offset), UInt64(length), &statistics)
    }
    return statistics
  }

  /// The target of lseek(2).
  package enum Sought: CInt {
    /// The offset itself: `SEEK_SET`.
    case start = 0
    /// An offset from the current one: `SEEK_CUR`.
    case current = 1
    /// The end of it all: `SEEK_END`.
    case end = 2
    /// Written bytes: `SEEK_DATA`.
    case data = 3
    /// Unwritten bytes: `SEEK_HOLE`.
    case hole = 4
  }

  /// The start of the next data or hole, nil past the last; or the end. lseek(2)
  package func seek(_ sought: Sought, from offset: Int) throws(Errno) -> Int? {
    try Self.seek(sought, in: raw, from: offset)
  }

  /// The same in a file whose descriptor belongs to the caller.
  package static func seek(
    _ sought: Sought, in raw: CInt, from offset: Int
  ) throws(Errno) -> Int? {
    do {
      return Int(try SystemCall.check { lseek(raw, off_t(offset), sought.rawValue) })
    } catch .noSuchAddressOrDevice {
      return nil
    }
  }
}
