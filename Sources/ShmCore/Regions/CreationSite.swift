import CShm
import Glibc
package import SystemPackage

/// The creation of one region: its name, its directory, and the text for errors.
package struct CreationSite {
  let reference: RegionReference
  let path: FilePath
  let directory: FilePath
  let attempt: String
  let fileSystem: MemoryFileSystem

  init(_ reference: RegionReference) throws(ShmError) {
    let attempt = "cannot create \(reference.quoted)"
    switch reference {
    case .posix(let name): path = name.path
    case .file(let path): self.path = path
    case .descriptor, .systemV:
      throw ShmError(.usage, attempt, "only POSIX names and paths can be created")
    }
    self.reference = reference
    self.attempt = attempt
    directory = reference.directory ?? "."
    do {
      fileSystem = MemoryFileSystem(try FileSystem.fileSystemStatus(self.directory))
    } catch .noSuchFileOrDirectory {
      throw Self.missing(self.directory, attempt)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Refuses a creation that cannot succeed before a file is created.
  func check(size: Int, _ options: Region.CreationOptions) throws(ShmError) {
    if fileSystem.kind == .other {
      throw SharedMemory.refusal(
        place, attempt, fileSystem,
        device: (try? FileSystem.followedStatus(directory)).map { UInt64($0.st_dev) })
    }
    try RegionSize.check(size, pageSize: fileSystem.pageSize, attempt)
    // Reported before the memory is reserved. The decisive check is that of linkat.
    if (try? FileSystem.status(path)) != nil { throw taken }
    guard options.reserve else { return }
    var check = spaceCheck
    check.purpose = RegionRoom.Purpose(isNew: true, isWired: options.isWired)
    try check.require(size, mayExceedMemory: options.mayExceedMemory)
  }

  /// The file without a name; nil if the file system or a sandbox does not support O_TMPFILE.
  func openUnnamed(size: Int) throws(ShmError) -> Region? {
    do {
      let flags = O_RDWR | cshm_O_TMPFILE
      return Region(
        reference, access: .readWrite,
        descriptor: try FileSystem.open(directory, flags, mode: 0o600))
    } catch .notSupported, .isDirectory, .noFunction, .invalidArgument, .notPermitted {
      return nil
    } catch {
      throw explain(error, wanted: size)
    }
  }

  /// Whether linking is allowed at all.
  func canLink(_ region: borrowing Region) -> Bool {
    region.descriptor.canLink(in: directory)
  }

  /// Sets mode, size, memory and contents of an open file that is not yet visible to other processes.
  func build(
    _ region: borrowing Region, size: Int, options: Region.CreationOptions,
    modeLast: Bool = false, progress: (Int) -> Void,
    contents: (borrowing Region) throws(ShmError) -> Void
  ) throws(ShmError) {
    do throws(Errno) {
      if !modeLast { try region.descriptor.changeMode(to: options.mode.rawValue) }
      try region.descriptor.truncate(to: size)
    } catch {
      throw explain(error, wanted: size)
    }
    if options.reserve {
      var check = spaceCheck
      check.purpose.isWired = options.isWired
      try Reservation.reserve(
        0..<size, of: region.descriptor, attempt: attempt,
        check: options.mayExceedMemory ? nil : check,
        explain: { check.refusal(size, errno: $0) }, progress: progress)
    }
    try contents(region)
    if modeLast {
      do throws(Errno) {
        try region.descriptor.changeMode(to: options.mode.rawValue)
      } catch {
        throw explain(error, wanted: size)
      }
    }
  }

  /// Links the built file to its name.
  func publish(_ region: borrowing Region, size: Int) throws(ShmError) {
    do throws(Errno) {
      try region.descriptor.link(at: path)
    } catch {
      throw explain(error, wanted: size)
    }
  }

  /// Creates the region under its name with mode 000, so that no user can open it until it is complete.
  func createNamed(
    size: Int, options: Region.CreationOptions, progress: (Int) -> Void,
    contents: (borrowing Region) throws(ShmError) -> Void
  ) throws(ShmError) -> Region {
    // Signals are blocked, because the name of an incomplete region must be removed. Long operations check for
    // pending signals.
    let mask = SignalMask()
    _ = mask
    let flags = O_RDWR | O_CREAT | O_EXCL | O_NOFOLLOW
    let descriptor: OwnedDescriptor
    do {
      if case .posix(let name) = reference {
        descriptor = try FileSystem.openShared(name.sharedMemoryName, flags, mode: 0)
      } else {
        descriptor = try FileSystem.open(path, flags, mode: 0)
      }
    } catch {
      throw explain(error, wanted: size)
    }
    let region = Region(reference, access: .readWrite, descriptor: descriptor)
    do {
      try build(
        region, size: size, options: options, modeLast: true, progress: progress,
        contents: contents)
    } catch {
      try? region.unlink()
      throw error
    }
    return region
  }

  private var place: String { Escaping.printable(directory.bytes) }

  /// The room at this moment.
  private var spaceCheck: SpaceCheck {
    SpaceCheck(attempt: attempt, place: place, site: .directory(directory))
  }

  /// The error for a name that is in use, with the file that has it.
  private var taken: ShmError {
    let status = try? FileSystem.status(path)
    let holder =
      status.map { status in
        " by "
          + (RegionStatus.kindOfOther(status.st_mode) ?? "a region of \(status.st_size) bytes")
          + ", owned by uid \(status.st_uid)"
      } ?? ""
    return ShmError(
      .exists, attempt, "the name is in use\(holder)", remedy: "choose another name",
      errorNumber: Errno.fileExists.rawValue)
  }

  private func explain(_ error: Errno, wanted: Int) -> ShmError {
    switch error {
    case .fileExists: taken
    case .noSuchFileOrDirectory: Self.missing(directory, attempt)
    case .noSpace, .noMemory, .diskQuotaExceeded:
      spaceCheck.refusal(wanted, errno: error, isName: true)
    default: Refusal(of: path).creating(error, attempt) ?? ShmError(attempt, error)
    }
  }

  package static func missing(_ directory: FilePath, _ attempt: String) -> ShmError {
    let place = Escaping.printable(directory.bytes)
    return ShmError(
      .notFound, attempt, "directory \(place) does not exist",
      remedy: directory == RegionName.directory
        ? "mount a tmpfs with 'mount -t tmpfs tmpfs \(place)'" : nil,
      errorNumber: Errno.noSuchFileOrDirectory.rawValue)
  }
}
