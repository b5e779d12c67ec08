/// The kind of a region.
///
/// ```swift
/// print(RegionKind.allCases.map(\.rawValue))  // ["posix", "semaphore", "memfd", "sysv", …]
/// ```
public enum RegionKind: String, Sendable, CaseIterable {
  /// A POSIX shared memory object: shm_open(3).
  case posix
  /// A named semaphore, which glibc stores in the directory of the POSIX objects: sem_open(3).
  case semaphore
  /// A file without a name: memfd_create(2).
  case memfd
  /// A System V segment: shmget(2).
  case systemV = "sysv"
  /// A file on another tmpfs, or on a hugetlbfs.
  case file
  /// Memory that a process shares with its children: mmap(2), `MAP_SHARED | MAP_ANONYMOUS`.
  case anonymous
  /// Memory of the kernel or a driver.
  case other
}

extension RegionKind {
  private static let memfdPrefix = Array("/memfd:".utf8)
  private static let directory = Array("\(RegionName.directory)/".utf8)

  /// Derives the kind from the path that the kernel shows for a region.
  ///
  /// - Parameters:
  ///   - path: the path from a descriptor's link or from maps.
  ///   - isHidden: whether the region is on a file system that is mounted nowhere, as memfds, segments and anonymous
  ///     memory are; nil if unknown.
  package init(_ path: KernelPath, isHidden: Bool?) {
    let bytes = path.shown
    let made = path.withoutMark
    // The kernel appends ` (deleted)` to the path of these files, because they never had a directory entry.
    if path.isMarked || isHidden == true, made.starts(with: Self.memfdPrefix) {
      self = .memfd
    } else if isHidden != false, path.isMarked, Self.isSegment(made) {
      self = .systemV
    } else if isHidden != false, path.isMarked || isHidden == true,
      made.elementsEqual("/dev/zero".utf8) || made.elementsEqual("/anon_hugepage".utf8)
    {
      self = .anonymous
    } else if isHidden == true {
      self = .other
    } else if let name = Self.posixName(bytes) {
      self.init(posixName: name)
    } else {
      self = .file
    }
  }

  /// The kind of a name in the directory of POSIX objects. A semaphore is recognized by its name.
  package init(posixName name: some Sequence<UInt8>) {
    self = name.starts(with: "sem.".utf8) ? .semaphore : .posix
  }

  /// The name of a POSIX object or semaphore; nil for another path.
  package static func posixName(_ path: [UInt8]) -> [UInt8]? {
    guard path.starts(with: directory) else { return nil }
    let name = path.dropFirst(directory.count)
    return name.isEmpty || name.contains(UInt8(ascii: "/")) ? nil : Array(name)
  }

  /// The name of a memfd, from its path without the mark.
  package static func memfdName(_ path: [UInt8]) -> [UInt8] {
    Array(path.dropFirst(memfdPrefix.count))
  }

  /// Whether the kernel makes such a path for a System V segment: `/SYSV` and the key in eight hexadecimal digits.
  package static func isSegment(_ path: [UInt8]) -> Bool {
    path.count == 13 && path.starts(with: "/SYSV".utf8)
      && path[5...].allSatisfy { ProcText.hexadecimal([$0][...]) != nil }
  }

  /// Whether regions of this kind can have a name in a directory.
  package var hasName: Bool {
    switch self {
    case .posix, .semaphore, .file: true
    case .memfd, .systemV, .anonymous, .other: false
    }
  }
}
