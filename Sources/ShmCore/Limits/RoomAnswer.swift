public import SystemPackage

/// Whether a region of a size could be created now, and if not, why and what to do.
///
/// ```swift
/// let answer = try RoomAnswer(need: 64 << 20)
/// if answer.isYes == false { print(answer.reason ?? "", answer.shortage.map { "\($0)" } ?? "") }
/// ```
public struct RoomAnswer: Sendable {
  /// The bytes that are needed.
  public let need: Int
  /// The room at that moment.
  public let room: RegionRoom
  /// The limit that refuses; nil if none does.
  public let refusing: RegionRoom.Candidate?
  /// Why there is no room, with the figures; nil if there is. `create` has the same words for it.
  public let reason: String?
  /// What to do besides raising the limit; nil if nothing must be done, or nothing is known.
  public let remedy: Remedy?
  /// What the limit that refuses would have to be; nil if none refuses, or it cannot be raised.
  public let shortage: LimitShortage?

  /// Whether there is room; nil if a limit on which the answer depends could not be read.
  public var isYes: Bool? { refusing != nil ? false : unknowns.isEmpty ? true : nil }
  /// The limits on which the answer depends and that could not be read; empty unless the answer is unknown.
  public var unknowns: [RegionRoom.Unknown] { refusing == nil ? room.unknowns(need) : [] }

  /// Asks for the room of a directory.
  ///
  /// - Parameters:
  ///   - need: in bytes.
  ///   - directory: on a tmpfs, ramfs or hugetlbfs.
  ///   - process: whose control groups count; nil for those of this process.
  /// - Throws: `ShmError`: as `RegionRoom.current`; `notPermitted` if this process may not create files in
  ///   the directory, `system` if memory cannot be reserved there.
  public init(
    need: Int, in directory: FilePath = RegionName.directory, process: Int32? = nil
  ) throws(ShmError) {
    self.need = need
    if process == nil { try Self.checkDirectory(directory) }
    room = try RegionRoom.current(in: directory, process: process)
    refusing = room.refusing(need)
    let check = SpaceCheck(
      attempt: "", place: Escaping.printable(directory.bytes), site: .directory(directory))
    let wording = refusing.map { check.explanation($0, need) }
    (reason, remedy, shortage) = (wording?.reason, wording?.remedy, wording?.shortage)
  }

  /// Refuses a directory in which the process cannot create any region.
  private static func checkDirectory(_ directory: FilePath) throws(ShmError) {
    let attempt = "cannot create regions in \(Escaping.quoted(directory.bytes))"
    guard let fileSystem = try? MemoryFileSystem.at(directory), fileSystem.kind != .other else {
      return
    }
    if let error = FileSystem.refusesWriting(in: directory) {
      throw Refusal(of: directory.appending("region")).creating(error, attempt)
        ?? ShmError(attempt, error)
    }
    if fileSystem.kind == .ramfs {
      throw SpaceCheck(
        attempt: attempt, place: Escaping.printable(directory.bytes), site: .directory(directory)
      ).refusal(0, errno: .notSupported)
    }
  }
}
