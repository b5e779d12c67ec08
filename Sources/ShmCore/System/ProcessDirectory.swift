import CShm
package import Glibc
package import SystemPackage

/// A process's directory in /proc, opened once: what is looked up in it needs few system calls, and
/// refers to that process even if its ID was reused. proc(5)
package struct ProcessDirectory: ~Copyable {
  /// The process.
  package let process: Int32
  /// The number of its directory in /proc: the process's, or a thread's.
  package let number: Int32
  private let descriptor: OwnedDescriptor

  /// Opens the directory of a process, or of one of its threads.
  package init(_ process: Int32, thread: Int32? = nil) throws(Errno) {
    self.process = process
    number = thread ?? process
    // Of a thread not by way of its process's `task`, which has no map_files.
    let path = "/proc/\(number)"
    // Not by a FilePath, which would be taken apart and put together for each process.
    descriptor = OwnedDescriptor(
      adopting: try SystemCall.checkNegated {
        unsafe cshm_openat(AT_FDCWD, path, cshm_O_PATH | O_DIRECTORY | O_CLOEXEC, 0)
      })
  }

  /// The user it runs as. fstat(2)
  package var user: UInt32? { (try? descriptor.status())?.st_uid }

  /// Reads a whole file into the front of `buffer`, which grows if necessary.
  ///
  /// - Returns: how many bytes of the buffer are the file's.
  package func read(_ name: String, into buffer: inout [UInt8]) throws(Errno) -> Int {
    let file = try open(name, O_RDONLY)
    var used = 0
    while true {
      if buffer.count - used < 4096 {
        try Allocation.require(3 * max(1 << 15, buffer.count))
        buffer.append(contentsOf: [UInt8](repeating: 0, count: max(1 << 16, buffer.count)))
      }
      let count = try unsafe buffer.withUnsafeMutableBufferPointer { (all) throws(Errno) -> Int in
        try unsafe file.read(
          into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: all[used...])))
      }
      if count == 0 { return used }
      used += count
    }
  }

  /// Reads a short file into the start of `buffer` with one call.
  package func readStart(_ name: String, into buffer: inout [UInt8]) throws(Errno) -> Int {
    let file = try open(name, O_RDONLY)
    return try unsafe buffer.withUnsafeMutableBufferPointer { (all) throws(Errno) -> Int in
      try unsafe file.read(into: UnsafeMutableRawBufferPointer(all))
    }
  }

  /// Opens its mappings, which requires permission to ptrace the process.
  package func openMappings() throws(Errno) -> OwnedDescriptor { try open("maps", O_RDONLY) }

  /// Asks for the mappings of files one by one, in numbers, which takes the kernel a third of the time
  /// that their text does. `PROCMAP_QUERY`, Linux 6.11
  ///
  /// - Parameters:
  ///   - maps: the result of `openMappings`.
  ///   - buffer: for paths.
  ///   - isWanted: whether the mappings of a device matter; the paths of others are not asked for.
  ///   - body: called with each relevant mapping.
  /// - Returns: whether the process has addresses; nil if the kernel does not answer.
  /// - Throws: `Errno` if the process cannot be inspected, or has ended.
  package static func forEachFileMapping(
    _ maps: borrowing OwnedDescriptor, buffer: inout [UInt8], isWanted: (UInt64) -> Bool,
    _ body: (ProcessMap) -> Void
  ) throws(Errno) -> Bool? {
    var last: (device: UInt64, isWanted: Bool) = (0, false)
    var address: UInt64 = 0
    var mapping = cshm_mapping()
    while true {
      switch unsafe cshm_file_mapping(maps.raw, address, &mapping, nil, 0) {
      case 0: break
      case -ENOENT: return true
      case -ESRCH: return address > 0
      case -EINTR: continue
      default: return address > 0 ? true : nil
      }
      guard mapping.end > address else { return true }
      let device = ProcessMap.deviceNumber(of: mapping)
      if device != last.device { last = (device, isWanted(device)) }
      if last.isWanted, let path = path(&mapping, maps, &buffer) {
        // Between the two questions another one may have come.
        if isWanted(ProcessMap.deviceNumber(of: mapping)) {
          body(ProcessMap(mapping, path: path))
        }
      }
      address = max(mapping.end, address + 1)
    }
  }

  private static func path(
    _ mapping: inout cshm_mapping, _ maps: borrowing OwnedDescriptor, _ buffer: inout [UInt8]
  ) -> [UInt8]? {
    let (raw, start) = (maps.raw, mapping.start)
    let answer = unsafe buffer.withUnsafeMutableBufferPointer { (all) -> CInt in
      let room = UInt32(clamping: min(all.count, Int(PATH_MAX)))
      let path = unsafe UnsafeMutableRawBufferPointer(all).baseAddress?
        .assumingMemoryBound(to: CChar.self)
      return unsafe cshm_file_mapping(raw, start, &mapping, path, room)
    }
    return answer == 0 ? Array(buffer.prefix { $0 != 0 }) : nil
  }

  /// The numbers that are names in a directory of it: `fd`, `task`. getdents64(2)
  package func numbers(in name: String, buffer: inout [UInt8]) throws(Errno) -> [Int32] {
    try Self.numbers(in: try open(name, O_RDONLY | O_DIRECTORY), buffer: &buffer)
  }

  /// Reads the status of the file of each descriptor. statx(2)
  ///
  /// - Parameters:
  ///   - buffer: a buffer for reading.
  ///   - body: called with each descriptor and the status of its file.
  /// - Throws: `Errno` without permission.
  package func forEachDescriptor(
    buffer: inout [UInt8], _ body: (Int32, stat) -> Void
  ) throws(Errno) {
    func look(_ number: Int32) -> Bool {
      guard let status = try? self.status("fd/\(number)") else { return false }
      body(number, status)
      return true
    }
    // The directory's size is how many there are, since Linux 6.2, and most processes have them in a
    // row from 0 on: to list them would take as long as to read them. A gap ends the row.
    let count = Int32(clamping: (try? status("fd"))?.st_size ?? 0)
    var next: Int32 = 0
    while next < count, look(next) { next += 1 }
    if next > 0, next == count { return }
    for number in try numbers(in: "fd", buffer: &buffer) where number >= next { _ = look(number) }
  }

  /// How many threads it has. fstatat(2)
  package var threads: Int {
    var status = stat()
    let answer = unsafe fstatat(descriptor.raw, "task", &status, 0)
    // A directory has one link for each subdirectory, and two more.
    return answer == 0 ? max(0, Int(status.st_nlink) - 2) : 0
  }

  /// The target of a symbolic link in it. readlinkat(2)
  ///
  /// - Returns: how many bytes of `buffer` are the target's.
  package func link(_ name: String, into buffer: inout [UInt8]) throws(Errno) -> Int {
    let raw = descriptor.raw
    return try unsafe buffer.withUnsafeMutableBufferPointer { (bytes) throws(Errno) -> Int in
      guard let base = UnsafeMutableRawBufferPointer(bytes).baseAddress else { return 0 }
      let target = unsafe base.assumingMemoryBound(to: CChar.self)
      let room = bytes.count
      return try SystemCall.check { unsafe readlinkat(raw, name, target, room) }
    }
  }

  /// The status of the target of a symbolic link in it, without a request to a server. statx(2)
  package func status(_ name: String) throws(Errno) -> stat {
    var found = cshm_status()
    var status = stat()
    do {
      try SystemCall.checkNegated { unsafe cshm_status_at_hand(descriptor.raw, name, &found) }
    } catch {
      // A sandbox may refuse statx(2).
      guard error == .noFunction || error == .notPermitted else { throw error }
      try SystemCall.check { unsafe fstatat(descriptor.raw, name, &status, 0) }
      return status
    }
    status.st_dev = dev_t(found.device)
    status.st_ino = ino_t(found.inode)
    status.st_nlink = .init(found.links)
    status.st_size = off_t(found.size)
    status.st_blocks = .init(found.blocks)
    status.st_mtim.tv_sec = .init(found.modified)
    status.st_ctim.tv_sec = .init(found.changed)
    status.st_mode = mode_t(found.mode)
    status.st_uid = found.user
    status.st_gid = found.group
    status.st_blksize = .init(found.block_size)
    return status
  }

  /// The file system of the target of a symbolic link in it. statfs(2)
  package func fileSystem(_ name: String) -> MemoryFileSystem? {
    try? MemoryFileSystem(FileSystem.fileSystemStatus(FilePath("/proc/\(number)/\(name)")))
  }

  /// The processes that /proc shows. getdents64(2)
  package static func processes(buffer: inout [UInt8]) throws(Errno) -> [Int32] {
    try numbers(in: try FileSystem.open("/proc", O_RDONLY | O_DIRECTORY), buffer: &buffer)
  }

  private func open(_ name: String, _ flags: CInt) throws(Errno) -> OwnedDescriptor {
    OwnedDescriptor(
      adopting: try SystemCall.checkNegated {
        unsafe cshm_openat(descriptor.raw, name, flags | O_CLOEXEC, 0)
      })
  }

  private static func numbers(
    in directory: borrowing OwnedDescriptor, buffer: inout [UInt8]
  ) throws(Errno) -> [Int32] {
    var numbers: [Int32] = []
    let raw = directory.raw
    while true {
      let used = try unsafe buffer.withUnsafeMutableBufferPointer {
        (bytes) throws(Errno) -> Int in
        try SystemCall.checkNegated {
          unsafe cshm_directory_entries(raw, bytes.baseAddress, bytes.count)
        }
      }
      if used == 0 { return numbers }
      DirectoryEntries.forEachNumber(in: buffer[..<used]) { numbers.append($0) }
    }
  }
}
