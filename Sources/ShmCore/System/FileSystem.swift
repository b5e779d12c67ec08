package import CShm
package import Glibc
package import SystemPackage

/// The system calls that take a path.
package enum FileSystem {
  /// Opens `path`, close-on-exec, never as a controlling terminal. open(2)
  package static func open(
    _ path: FilePath, _ flags: CInt, mode: mode_t = 0
  ) throws(Errno) -> OwnedDescriptor {
    try patiently(flags) {
      unsafe path.withPlatformString {
        unsafe cshm_openat(AT_FDCWD, $0, flags | O_CLOEXEC | O_NOCTTY, mode)
      }
    }
  }

  /// Opens the POSIX shared memory object `/name`; libc adds `O_NOFOLLOW` and `O_CLOEXEC`.
  /// shm_open(3)
  package static func openShared(
    _ name: FilePath, _ flags: CInt, mode: mode_t = 0
  ) throws(Errno) -> OwnedDescriptor {
    try patiently(flags) {
      unsafe name.withPlatformString { unsafe cshm_shm_open($0, flags, mode) }
    }
  }

  /// How long an open waits for another process's lease.
  private static var patience: Duration { .milliseconds(250) }

  /// Opens again for some time if a lease of another process refuses it: a process that proves a region
  /// unused has a lease for a moment, and an open that does not wait fails then. fcntl(2), `F_SETLEASE`
  private static func patiently(
    _ flags: CInt, _ open: () -> CInt
  ) throws(Errno) -> OwnedDescriptor {
    let deadline = Deadline(after: patience)
    while true {
      do {
        return OwnedDescriptor(adopting: try SystemCall.checkNegated(open))
      } catch {
        guard error == .resourceTemporarilyUnavailable, flags & O_NONBLOCK != 0,
          !deadline.hasPassed
        else { throw error }
        Waiter.pause(.milliseconds(1))
      }
    }
  }

  /// The status of a file, without following a symbolic link. lstat(2)
  package static func status(_ path: FilePath) throws(Errno) -> stat {
    var status = stat()
    try SystemCall.check { unsafe path.withPlatformString { unsafe lstat($0, &status) } }
    return status
  }

  /// The status of a file, with symbolic links followed. stat(2)
  package static func followedStatus(_ path: FilePath) throws(Errno) -> stat {
    var status = stat()
    try SystemCall.check { unsafe path.withPlatformString { unsafe stat($0, &status) } }
    return status
  }

  /// How many lines a file has, read piece by piece: a process that has as many mappings as it may have
  /// gets no memory for a large text of them.
  package static func lineCount(of path: FilePath) throws(Errno) -> Int {
    let file = try open(path, O_RDONLY)
    var piece = [UInt8](repeating: 0, count: 4096)
    var (lines, offset) = (0, 0)
    while true {
      let count = try unsafe piece.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
        try unsafe file.read(into: UnsafeMutableRawBufferPointer(buffer), at: offset)
      }
      if count == 0 { return lines }
      for byte in piece[..<count] where byte == UInt8(ascii: "\n") { lines += 1 }
      offset += count
    }
  }

  /// Whether something has that name. lstat(2)
  package static func exists(_ path: FilePath) -> Bool {
    (try? status(path)) != nil
  }

  /// Whether it leads to a FIFO, which to open may wait for another process. stat(2)
  package static func isFIFO(_ path: FilePath) -> Bool {
    ((try? followedStatus(path))?.st_mode ?? 0) & S_IFMT == S_IFIFO
  }

  /// The path without symbolic links. realpath(3)
  package static func resolved(_ path: FilePath) throws(Errno) -> FilePath {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    guard unsafe path.withPlatformString({ unsafe realpath($0, &target) }) != nil else {
      throw Errno(rawValue: errno)
    }
    return FilePath(platformString: target)
  }

  /// When the file at `path` was created, in seconds since 1970; nil if the file system does not record it. statx(2)
  package static func birthTime(_ path: FilePath) -> Int? {
    var seconds: Int64 = 0
    var known: CInt = 0
    let answer = unsafe path.withPlatformString {
      unsafe cshm_birth_time(AT_FDCWD, $0, &seconds, &known)
    }
    return answer == 0 && known != 0 ? Int(seconds) : nil
  }

  /// Takes the name `path` away. unlink(2)
  package static func unlink(_ path: FilePath) throws(Errno) {
    try SystemCall.check { unsafe path.withPlatformString { unsafe Glibc.unlink($0) } }
  }

  /// Makes a directory with exactly that mode, whatever the umask is. mkdir(2)
  package static func makeDirectory(_ path: FilePath, mode: UInt32) throws(Errno) {
    try SystemCall.checkNegated {
      unsafe path.withPlatformString { unsafe cshm_make_directory($0, mode) }
    }
  }

  /// Takes an empty directory away. rmdir(2)
  package static func removeDirectory(_ path: FilePath) throws(Errno) {
    try SystemCall.check { unsafe path.withPlatformString { unsafe Glibc.rmdir($0) } }
  }

  /// Renames, over an existing target. rename(2)
  package static func rename(_ from: FilePath, to: FilePath) throws(Errno) {
    try SystemCall.check {
      unsafe from.withPlatformString { source in
        unsafe to.withPlatformString { unsafe Glibc.rename(source, $0) }
      }
    }
  }

  /// Renames to a name that must be free. renameat2(2), `RENAME_NOREPLACE`
  package static func renameToFree(_ from: FilePath, _ to: FilePath) throws(Errno) {
    try SystemCall.checkNegated {
      unsafe from.withPlatformString { source in
        unsafe to.withPlatformString { unsafe cshm_rename_to_free(AT_FDCWD, source, $0) }
      }
    }
  }

  /// The file system that `path` lies on. statfs(2)
  package static func fileSystemStatus(_ path: FilePath) throws(Errno) -> cshm_filesystem {
    var status = cshm_filesystem()
    try SystemCall.checkNegated {
      unsafe path.withPlatformString { unsafe cshm_filesystem_status(-1, $0, &status) }
    }
    return status
  }

  /// The status of an open file that belongs to the caller. fstat(2)
  static func status(ofDescriptor raw: CInt) throws(Errno) -> stat {
    var status = stat()
    try SystemCall.check { unsafe fstat(raw, &status) }
    return status
  }

  /// The file system of an open file that belongs to the caller. fstatfs(2)
  static func fileSystemStatus(ofDescriptor raw: CInt) throws(Errno) -> cshm_filesystem {
    var status = cshm_filesystem()
    try SystemCall.checkNegated { unsafe cshm_filesystem_status(raw, nil, &status) }
    return status
  }

  /// The target of the symbolic link `path`. readlink(2)
  package static func link(_ path: FilePath) throws(Errno) -> FilePath {
    var target = [CChar](repeating: 0, count: Int(PATH_MAX) + 1)
    try SystemCall.check {
      unsafe path.withPlatformString { unsafe readlink($0, &target, Int(PATH_MAX)) }
    }
    return FilePath(platformString: target)
  }

  /// The whole of a small file, of /proc most often, without asking its size. read(2)
  ///
  /// - Parameters:
  ///   - path: the file.
  ///   - limit: how many bytes it may have.
  /// - Returns: its bytes.
  /// - Throws: `Errno`: EFBIG if it has more bytes than the limit.
  package static func contents(
    of path: FilePath, limit: Int = .max
  ) throws(Errno) -> [UInt8] {
    try open(path, O_RDONLY).contents(limit: limit)
  }

  /// The first line of a file that the kernel makes and that fits into one read, as a value of /proc, /sys or
  /// a control group does; the line may be longer in other files.
  package static func firstLine(of path: FilePath) throws(Errno) -> ArraySlice<UInt8> {
    let file = try open(path, O_RDONLY)
    var bytes = [UInt8](repeating: 0, count: 256)
    let count = try unsafe bytes.withUnsafeMutableBufferPointer { (all) throws(Errno) -> Int in
      try unsafe file.read(into: UnsafeMutableRawBufferPointer(all))
    }
    let line = bytes[..<count].prefix { $0 != UInt8(ascii: "\n") }
    if line.count < count || count < bytes.count { return line }
    return ProcText.lines(try contents(of: path)).first ?? []
  }
}

extension OwnedDescriptor {
  /// The bytes from the current offset to the end. read(2)
  ///
  /// - Parameter limit: how many bytes there may be.
  /// - Returns: the bytes.
  /// - Throws: `Errno`: EFBIG if there are more bytes than the limit.
  package func contents(limit: Int = .max) throws(Errno) -> [UInt8] {
    var contents: [UInt8] = []
    // Appended in pieces: an array that grows by single zeros is filled byte by byte in a debug build.
    var piece = [UInt8](repeating: 0, count: 16384)
    while true {
      let count = try unsafe piece.withUnsafeMutableBufferPointer { (all) throws(Errno) -> Int in
        try unsafe read(into: UnsafeMutableRawBufferPointer(all))
      }
      if count == 0 { break }
      if count > limit - contents.count { throw .fileTooLarge }
      if contents.capacity < contents.count + count {
        // While the array grows, the old storage and the new storage exist at the same time.
        try Allocation.require(max(piece.count, 2 * contents.count))
      }
      contents.append(contentsOf: piece[..<count])
    }
    return contents
  }
}
