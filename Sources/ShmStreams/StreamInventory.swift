import Glibc
public import ShmCore
public import ShmInspection
public import SystemPackage

/// The streams of the host whose senders wait or run, and the names that killed senders left.
///
/// ```swift
/// for entry in try StreamInventory.current().entries { print(entry.place.name) }
/// ```
public struct StreamInventory: Sendable {
  /// One stream.
  public struct Entry: Sendable {
    /// The path of its socket.
    public let place: Rendezvous
    /// The status of its socket, by stat(2).
    public let status: RegionStatus
    /// The process of the sender; nil if it is not visible.
    public let sender: RegionUser?
    /// Whether it has a sender.
    public let use: RegionUse

    /// Whether it belongs to this user: other users cannot access its directory.
    package var isOwn: Bool { status.owner == ProcessView.user }
  }

  /// A directory of this user's in which no stream meets any more.
  package struct DeadDirectory: Sendable {
    /// Its path.
    package let path: FilePath
    /// The path, safe for a terminal.
    package var description: String { Escaping.printable(path.bytes) }
    /// When it was last changed, in seconds since 1970.
    package let modified: Int

    /// Removes it.
    ///
    /// - Returns: false if it is in use again, or gone.
    /// - Throws: `ShmError`.
    package func remove() throws(ShmError) -> Bool {
      // The kernel removes only an empty directory, so a sender that has just started is not affected.
      do throws(Errno) {
        guard try FileSystem.status(path).st_uid == ProcessView.user else { return false }
        try FileSystem.removeDirectory(path)
        return true
      } catch .noSuchFileOrDirectory, .directoryNotEmpty, .fileExists {
        return false
      } catch {
        throw ShmError("cannot remove '\(description)'", error)
      }
    }
  }

  /// The streams, in the order of their names' bytes.
  public let entries: [Entry]
  /// Directories of this user in /dev/shm without a stream. A sender was killed before it bound its name, or after
  /// the directory had lost its permissions.
  package let deadDirectories: [DeadDirectory]

  /// Reads all accessible directories of streams. A directory counts only if it belongs to the user in its name and
  /// other users have no access. Symbolic links are not followed. unix(7)
  ///
  /// - Parameter directory: an additional directory of this user, besides those in /dev/shm.
  /// - Returns: the streams.
  /// - Throws: `ShmError` if /dev/shm cannot be read.
  /// - Complexity: linear in the names there, with one connection each.
  public static func current(besides directory: FilePath? = nil) throws(ShmError) -> StreamInventory
  {
    let user = ProcessView.user
    var places: [(path: FilePath, owner: UInt32)] = []
    for name in try RegionInventory.names() {
      guard let owner = Self.owner(of: name.bytes) else { continue }
      places.append((RegionName.directory.appending(FilePath(bytes: name.bytes).components), owner))
    }
    if let directory, !places.contains(where: { $0.path == directory }) {
      places.append((directory, user))
    }
    var entries: [Entry] = []
    var dead: [DeadDirectory] = []
    for place in places {
      if place.path != directory, let found = Self.dead(place.path, place.owner, user) {
        dead.append(found)
        continue
      }
      guard
        let open = try? RendezvousDirectory(place.path, owner: place.owner, repairs: false)
      else { continue }
      for name in (try? open.names()) ?? [] {
        if let entry = Self.entry(name, in: open, at: place) { entries.append(entry) }
      }
    }
    entries.sort { $0.place.name.bytes.lexicographicallyPrecedes($1.place.name.bytes) }
    return StreamInventory(entries: entries, deadDirectories: dead)
  }

  /// The user whose streams meet in a directory of that name; nil for any other name.
  private static func owner(of name: [UInt8]) -> UInt32? {
    let prefix = Array(Rendezvous.directoryPrefix.utf8)
    guard name.starts(with: prefix) else { return nil }
    let digits = name.dropFirst(prefix.count)
    guard let number = ProcText.decimal(digits).flatMap({ UInt32(exactly: $0) }),
      Array(String(number).utf8).elementsEqual(digits)
    else { return nil }
    return number
  }

  /// The directory if it is `user`'s and no stream can be in it: it is empty, or lacks the owner's rights as
  /// a killed sender of an earlier version left it.
  private static func dead(_ path: FilePath, _ owner: UInt32, _ user: UInt32) -> DeadDirectory? {
    guard let status = try? FileSystem.status(path), status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == user, status.st_mode & 0o077 == 0
    else { return nil }
    // An earlier version took the answer of a refused geteuid(2) for a user's number.
    guard owner == user || owner > UInt32.max - 4095 else { return nil }
    if status.st_mode & 0o700 == 0o700 {
      guard let open = try? RendezvousDirectory(path, owner: user, repairs: false),
        let names = try? open.names(), names.isEmpty
      else { return nil }
    } else if status.st_mode & 0o500 == 0o500 {
      return nil
    }
    return DeadDirectory(path: path, modified: Int(status.st_mtim.tv_sec))
  }

  /// nil if it is not a socket of the directory's owner, or was removed in the meantime.
  private static func entry(
    _ name: RegionName, in directory: borrowing RendezvousDirectory,
    at site: (path: FilePath, owner: UInt32)
  ) -> Entry? {
    guard let place = try? Rendezvous(name, directory: site.path),
      let status = directory.status(name), status.st_mode & S_IFMT == S_IFSOCK,
      status.st_uid == site.owner
    else { return nil }
    var sender: RegionUser?
    let use: RegionUse
    switch place.listener(in: directory, owner: site.owner) {
    case .nobody: use = .unused
    case .unknown: use = .unknown
    case .somebody(let process):
      sender = process.map { RegionUser(process: $0) }
      use = .used([process].compactMap { $0 })
    }
    return Entry(
      place: place,
      status: RegionStatus(
        status, created: directory.birthTime(name), pageSize: PageMath.pageSize),
      sender: sender, use: use)
  }
}
