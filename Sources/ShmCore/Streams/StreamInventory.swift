import Glibc
public import SystemPackage

/// The streams of the host whose senders wait or run, and what killed ones have left.
///
/// ```swift
/// for entry in try StreamInventory.current().entries { print(entry.place.name) }
/// ```
public struct StreamInventory: Sendable {
  /// One stream.
  public struct Entry: Sendable {
    /// Where it is met.
    public let place: Rendezvous
    /// What stat(2) says of its name.
    public let status: RegionStatus
    /// The sender, where it can be seen.
    public let sender: RegionUser?
    /// Whether anybody sends it.
    public let use: RegionUse

    /// Whether it is this user's: nobody else may work in the directory where it is met.
    package var isOwn: Bool { status.owner == ProcessView.user }
  }

  /// The streams, in the order of their names' bytes.
  public let entries: [Entry]

  /// Looks into the directories where streams meet that may be looked into. unix(7)
  ///
  /// - Parameter directory: one more than those of /dev/shm.
  /// - Returns: the streams.
  /// - Throws: `ShmError` where /dev/shm cannot be read.
  /// - Complexity: linear in the names there, with one connection each.
  public static func current(besides directory: FilePath? = nil) throws(ShmError) -> StreamInventory
  {
    let shared = RegionName.directory
    var directories = try RegionInventory.names().filter {
      $0.string.hasPrefix(Rendezvous.directoryPrefix)
    }
    .map { shared.appending($0) }
    if let directory, !directories.contains(directory) { directories.append(directory) }
    var entries: [Entry] = []
    for directory in directories {
      for name in (try? FileSystem.names(in: directory)) ?? [] {
        if let entry = Self.entry(name.string, in: directory) { entries.append(entry) }
      }
    }
    entries.sort { $0.place.name.bytes.lexicographicallyPrecedes($1.place.name.bytes) }
    return StreamInventory(entries: entries)
  }

  /// Nothing for what is no socket, or went away since.
  private static func entry(_ name: String, in directory: FilePath) -> Entry? {
    guard let place = try? Rendezvous(name, directory: directory),
      let status = try? FileSystem.status(place.path), status.st_mode & S_IFMT == S_IFSOCK
    else { return nil }
    var sender: RegionUser?
    let use: RegionUse
    switch place.listener {
    case .nobody: use = .unused
    case .unknown: use = .unknown
    case .somebody(let process):
      sender = process.map { RegionUser(process: $0) }
      use = .used([process].compactMap { $0 })
    }
    return Entry(
      place: place,
      status: RegionStatus(
        status, created: FileSystem.birthTime(place.path), pageSize: PageMath.pageSize),
      sender: sender, use: use)
  }
}
