import SystemPackage

/// Whether there is room, and the sentence where there is none.
struct SpaceCheck {
  let attempt: String
  let place: String
  let fileSystem: MemoryFileSystem
  let memory: MemoryInformation?

  init(attempt: String, place: String, fileSystem: MemoryFileSystem) {
    self.attempt = attempt
    self.place = place
    self.fileSystem = fileSystem
    memory = MemoryInformation.current()
  }

  /// Refuses before anything is taken what cannot succeed: a tmpfs that may grow larger than the
  /// machine's memory ends in a deadlock instead of an error.
  func require(_ wanted: Int) throws(ShmError) {
    if let free = fileSystem.free, wanted > free { throw refusal(wanted, errno: .noSpace) }
    // Not tried: it would take the whole pool from everybody, and then give it back.
    if fileSystem.kind == .hugetlbfs,
      let pool = HugePagePool.pool(ofPageSize: fileSystem.blockSize),
      PageMath.pages(wanted, of: pool.pageSize) > pool.available + pool.spare
    {
      throw Self.hugePages(ofSize: pool.pageSize, wanted: wanted, attempt, .noSpace)
    }
    if fileSystem.kind != .hugetlbfs, let capacity, wanted > capacity {
      throw ShmError(
        .noSpace, attempt,
        """
        \(ByteCount(wanted)) are wanted, and memory and swap together have \
        \(ByteCount(capacity)) available
        """, remedy: "ask for less, or for a sparse region", errorNumber: Errno.noMemory.rawValue)
    }
  }

  /// The error for a reservation that the kernel refused, with the figures of this moment.
  func refusal(_ wanted: Int, errno: Errno) -> ShmError {
    if errno == .notSupported || errno == .noFunction { return noReservation(errno) }
    guard errno == .noSpace || errno == .noMemory else { return ShmError(attempt, errno) }
    if let free = fileSystem.freeInodes, free == 0, let total = fileSystem.totalInodes {
      return ShmError(
        .noSpace, attempt, "\(place) has none of its \(total) inodes left",
        remedy: "remove what is not needed, or 'mount -o remount,nr_inodes=…'",
        errorNumber: errno.rawValue)
    }
    if fileSystem.kind == .hugetlbfs, fileSystem.free.map({ $0 >= wanted }) ?? true {
      return Self.hugePages(ofSize: fileSystem.blockSize, wanted: wanted, attempt, errno)
    }
    guard let free = fileSystem.free, let total = fileSystem.total else {
      return ShmError(
        .noSpace, attempt,
        "\(ByteCount(wanted)) are wanted, and \(place) has no more \(fileSystem.kind.rawValue)",
        errorNumber: errno.rawValue)
    }
    return ShmError(
      .noSpace, attempt,
      """
      \(ByteCount(wanted)) are wanted, and \(place) has \(ByteCount(free)) free of \
      \(ByteCount(total))
      """,
      remedy: """
        remove what is not needed ('shmtool list'), or enlarge it with \
        'mount -o remount,size=… \(place)'
        """, errorNumber: errno.rawValue)
  }

  /// The error where memory cannot be set aside at all.
  private func noReservation(_ errno: Errno) -> ShmError {
    ShmError(
      errno.code, attempt, "memory cannot be reserved here: \(errno.reason)",
      remedy: "leave that out with --sparse, if a touch that finds none may be a signal",
      errorNumber: errno.rawValue)
  }

  /// The error for a pool that has not enough huge pages, with its figures.
  static func hugePages(
    ofSize pageSize: Int, wanted: Int, _ attempt: String, _ errno: Errno
  ) -> ShmError {
    let shortage = HugePagePool.pool(ofPageSize: pageSize)?.shortage(of: wanted)
    return ShmError(
      .noSpace, attempt,
      "\(ByteCount(wanted)) are wanted, and \(shortage?.reason ?? "no huge page is free")",
      remedy: shortage?.remedy, errorNumber: errno.rawValue)
  }

  private var capacity: Int? {
    guard let memory, let available = memory.available else { return nil }
    return available + (memory.swapFree ?? 0)
  }
}

extension Region {
  /// The room where the region lies.
  func space(_ attempt: String) throws(ShmError) -> SpaceCheck {
    let fileSystem = try self.fileSystem()
    let place = reference.directory.map { Escaping.printable($0.string) }
    return SpaceCheck(
      attempt: attempt, place: place ?? "its \(fileSystem.kind)", fileSystem: fileSystem)
  }
}
