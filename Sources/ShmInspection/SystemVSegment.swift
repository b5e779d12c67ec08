import CShm
import Glibc
import ShmCore
public import SystemPackage

/// A System V shared memory segment, as /proc/sysvipc/shm shows it. sysvipc(7), proc_sysvipc(5)
///
/// ```swift
/// for segment in SystemVSegment.all() { print(segment.identifier, segment.attaches) }
/// ```
public struct SystemVSegment: Hashable, Sendable {
  /// The number that shmget(2) gave, by which it is attached.
  public let identifier: Int32
  /// The key of the segment; 0 (IPC_PRIVATE) for a private segment.
  public let key: UInt32
  /// The permission bits.
  public let mode: FilePermissions
  /// Its length in bytes.
  public let size: Int
  /// The process that created the segment (shm_cpid).
  public let creator: Int32
  /// The number of current attachments (shm_nattch).
  public let attaches: Int
  /// The user who owns it.
  public let owner: UInt32
  /// The group that owns it.
  public let group: UInt32
  /// When it was made or changed last, in seconds since 1970.
  public let changed: Int
  /// The bytes in RAM.
  public let resident: Int
  /// The bytes in swap.
  public let swapped: Int
  /// Whether it is locked, so that it is not swapped out. shmctl(2), `SHM_LOCK`
  public let isLocked: Bool
  /// Whether it goes when the last process has detached it. shmctl(2), `IPC_RMID`
  public let isRemoved: Bool

  /// The segments of this process's namespace; empty if the kernel has no System V memory.
  ///
  /// - Complexity: linear in the segments.
  public static func all() -> [SystemVSegment] {
    (try? table()) ?? []
  }

  /// The kernel's list of segments.
  static let place: FilePath = "/proc/sysvipc/shm"

  /// The same.
  ///
  /// - Throws: `ShmError` if the list cannot be read, unless the kernel has no System V memory.
  static func table() throws(ShmError) -> [SystemVSegment] {
    if cshm_lacks_system_v() != 0 { return [] }
    let text: [UInt8]
    do {
      text = try FileSystem.contents(of: place)
    } catch {
      throw ShmError("cannot read \(place)", error)
    }
    return ProcText.lines(text).compactMap { SystemVSegment(parsing: $0) }
  }

  /// The segments of the namespace of a process; nil if this process may not enter it. setns(2)
  static func table(seenBy process: Int32) -> [SystemVSegment]? {
    let link = ProcessThreads.directory(of: process).appending("ns/ipc")
    guard let namespace = try? FileSystem.open(link, O_RDONLY) else { return nil }
    let raw = unsafe cshm_open_in_ipc_namespace(namespace.raw, "/proc/sysvipc/shm")
    guard raw >= 0, let text = try? OwnedDescriptor(adopting: raw).contents() else { return nil }
    return ProcText.lines(text).compactMap { SystemVSegment(parsing: $0) }
  }

  /// Parses one line; nil for the headings, and for a line of another form.
  ///
  /// - Complexity: linear in the line.
  package init?(parsing line: ArraySlice<UInt8>) {
    let words = ProcText.words(line)
    guard words.count >= 16, let key = Self.key(words[0]),
      let identifier = ProcText.decimal(words[1]).flatMap({ Int32(exactly: $0) }),
      let bits = UInt32(String(decoding: words[2], as: UTF8.self), radix: 8),
      let size = ProcText.decimal(words[3]),
      let creator = ProcText.decimal(words[4]).flatMap({ Int32(exactly: $0) }),
      let attaches = ProcText.decimal(words[6]),
      let owner = ProcText.decimal(words[7]).flatMap({ UInt32(exactly: $0) }),
      let group = ProcText.decimal(words[8]).flatMap({ UInt32(exactly: $0) }),
      let changed = ProcText.decimal(words[13]), let resident = ProcText.decimal(words[14]),
      let swapped = ProcText.decimal(words[15])
    else { return nil }
    (self.key, self.identifier, self.size, self.creator) = (key, identifier, size, creator)
    (self.attaches, self.owner, self.group, self.changed) = (attaches, owner, group, changed)
    (self.resident, self.swapped) = (resident, swapped)
    mode = FilePermissions(rawValue: mode_t(bits & 0o777))
    // SHM_DEST and SHM_LOCKED of <sys/shm.h>
    isRemoved = bits & 0o1000 != 0
    isLocked = bits & 0o2000 != 0
  }

  /// The kernel writes the key as a number with a sign.
  private static func key(_ word: ArraySlice<UInt8>) -> UInt32? {
    Int32(String(decoding: word, as: UTF8.self)).map { UInt32(bitPattern: $0) }
  }
}

extension RegionStatus {
  /// The status of a System V segment as its IPC namespace lists it.
  init(_ segment: SystemVSegment, _ identity: RegionIdentity, pageSize: Int) {
    self.init(
      identity: identity, size: segment.size, allocated: segment.resident &+ segment.swapped,
      mode: segment.mode, owner: segment.owner, group: segment.group, changed: segment.changed,
      pageSize: pageSize)
  }
}
