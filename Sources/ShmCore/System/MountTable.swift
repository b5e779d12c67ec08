public import SystemPackage

/// The mounts of this process's namespace. proc_pid_mountinfo(5)
///
/// ```swift
/// let mount = MountTable.current().mount(of: "/dev/shm")
/// print(mount?.kind ?? "none", mount?.option("size") ?? "no limit")
/// ```
public struct MountTable: Sendable {
  /// One mount.
  public struct Mount: Hashable, Sendable {
    /// The number of the mount, which no other has on this machine.
    public let identifier: Int
    /// The device number, `major:minor`.
    public let device: String
    /// The directory of the file system that is mounted here.
    public let root: FilePath
    /// The directory or file that it is mounted on.
    public let point: FilePath
    /// The kind of the file system, as the kernel writes it: FUSE adds a name that its user chooses.
    public let kindBytes: [UInt8]
    /// The options of the mount and of the file system, which may hold any bytes.
    public let options: [[UInt8]]

    /// The kind of the file system as text.
    public var kind: String { String(decoding: kindBytes, as: UTF8.self) }

    /// The value of an option: `size` of `size=64m`, empty for one without a value; nil if it is not
    /// set.
    public func option(_ name: String) -> String? {
      for option in options {
        let equals = option.firstIndex(of: UInt8(ascii: "=")) ?? option.endIndex
        if option[..<equals].elementsEqual(name.utf8) {
          return String(decoding: option[equals...].dropFirst(), as: UTF8.self)
        }
      }
      return nil
    }
  }

  /// The mounts, in the order they were made.
  public let mounts: [Mount]

  /// Parses the text of /proc/PID/mountinfo; lines of another form are passed over.
  package init(parsing text: [UInt8]) {
    mounts = ProcText.lines(text).compactMap { line in
      let words = ProcText.words(line).map { Self.unescape($0) }
      // The source before the last word may be empty.
      guard let dash = words.firstIndex(of: [UInt8(ascii: "-")]), dash >= 6, words.count > dash + 2,
        let last = words.last
      else { return nil }
      let options = (words[5] + [UInt8(ascii: ",")] + last).split(separator: UInt8(ascii: ","))
      return Mount(
        identifier: ProcText.decimal(words[0][...]) ?? -1,
        device: String(decoding: words[2], as: UTF8.self), root: FilePath(bytes: words[3]),
        point: FilePath(bytes: words[4]), kindBytes: words[dash + 1],
        options: options.map { Array($0) })
    }
  }

  /// The mounts that a process sees; empty without permission.
  package static func seen(by process: Int32) -> MountTable {
    let path = ProcessThreads.directory(of: process).appending("mountinfo")
    return MountTable(parsing: (try? FileSystem.contents(of: path)) ?? [])
  }

  /// The current mounts; empty if /proc cannot be read.
  public static func current() -> MountTable {
    MountTable(parsing: (try? FileSystem.contents(of: "/proc/self/mountinfo")) ?? [])
  }

  /// The mount of a path: the last one with the longest mount point that is an ancestor of the path.
  public func mount(of path: FilePath) -> Mount? {
    var best: Mount?
    for mount in mounts where path.starts(with: mount.point) {
      if mount.point.length >= best?.point.length ?? 0 { best = mount }
    }
    return best
  }

  /// A mount of the file system with this number, as stat(2) gives it in `st_dev`: of all of it rather
  /// than of a part, and the last of these.
  public func mount(ofDevice device: UInt64) -> Mount? {
    let major = (device >> 8) & 0xFFF | (device >> 32) & ~0xFFF
    let minor = device & 0xFF | (device >> 12) & ~0xFF
    let found = mounts.filter { $0.device == "\(major):\(minor)" }
    return found.last { $0.root == "/" } ?? found.last
  }

  /// Whether any mount of a file system has `noswap`, which holds for all of it. tmpfs(5)
  func isNoSwap(device: UInt64) -> Bool {
    mount(ofDevice: device)?.option("noswap") != nil
  }

  /// Blanks and the like are written as `\040`.
  private static func unescape(_ word: ArraySlice<UInt8>) -> [UInt8] {
    var bytes: [UInt8] = []
    var rest = word
    while let byte = rest.popFirst() {
      let digits = rest.prefix(3)
      if byte == UInt8(ascii: "\\"), digits.count == 3,
        let value = UInt8(String(decoding: digits, as: UTF8.self), radix: 8)
      {
        bytes.append(value)
        rest = rest.dropFirst(3)
      } else {
        bytes.append(byte)
      }
    }
    return bytes
  }
}
