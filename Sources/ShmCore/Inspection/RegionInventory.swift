import Glibc
import SystemPackage

/// The regions of the host: for now its POSIX objects.
///
/// ```swift
/// for entry in try RegionInventory.posixObjects().entries {
///   print(entry.reference?.description ?? "not UTF-8", entry.status.size)
/// }
/// ```
public struct RegionInventory: Sendable {
  /// One region of the list.
  public struct Entry: Sendable {
    /// The kind of a region, by where it was found.
    public enum Kind: String, Sendable {
      /// A shared memory object: shm_open(3).
      case posix
      /// A named semaphore, which glibc keeps beside them: sem_open(3).
      case semaphore
    }

    /// What it is.
    public let kind: Kind
    /// Its name's bytes, whatever they are.
    public let name: [UInt8]
    /// What stat(2) says.
    public let status: RegionStatus

    /// The entry by which it can be opened; nil for a name that is not UTF-8.
    public var reference: RegionReference? {
      guard let name = String(validating: name, as: UTF8.self),
        let valid = try? RegionName("/" + name)
      else { return nil }
      return .posix(valid)
    }

    /// Whether anybody uses it, by a look that was for it, too.
    ///
    /// - Parameter scan: who uses what.
    /// - Returns: what can be proved.
    public func use(in scan: RegionUsers) -> RegionUse {
      if let reference, let region = try? Region.open(reference, access: .status),
        (try? region.status().identity) == status.identity,
        let use = try? RegionUse.of(region, in: scan)
      {
        return use
      }
      let users = scan.users(of: status.identity).map(\.process)
      return users.isEmpty ? .unknown : .used(users)
    }
  }

  /// The regions, in the order of their names' bytes.
  public let entries: [Entry]

  /// Reads the directory of POSIX objects. shm_overview(7)
  ///
  /// - Returns: the objects and semaphores.
  /// - Throws: `ShmError` where it cannot be read.
  /// - Complexity: linear in the objects.
  public static func posixObjects() throws(ShmError) -> RegionInventory {
    let directory = RegionName.directory
    var entries: [Entry] = []
    for name in try names() {
      let path = directory.appending(name)
      // What went away since, or is no region, is not listed.
      guard let status = try? FileSystem.status(path),
        RegionStatus.kindOfOther(status.st_mode) == nil
      else { continue }
      let bytes = unsafe name.withPlatformString {
        unsafe Array(UnsafeRawBufferPointer(start: $0, count: strlen($0)))
      }
      entries.append(
        Entry(
          kind: bytes.starts(with: "sem.".utf8) ? .semaphore : .posix, name: bytes,
          status: RegionStatus(
            status, created: FileSystem.birthTime(path), pageSize: PageMath.pageSize)))
    }
    entries.sort { $0.name.lexicographicallyPrecedes($1.name) }
    return RegionInventory(entries: entries)
  }

  /// What stands in the directory of POSIX objects; nothing where there is none.
  static func names() throws(ShmError) -> [FilePath.Component] {
    let directory = RegionName.directory
    return try ShmError.saying("cannot list \(directory)") { () throws(Errno) in
      do throws(Errno) {
        return try FileSystem.names(in: directory)
      } catch .noSuchFileOrDirectory {
        return []
      }
    }
  }
}
