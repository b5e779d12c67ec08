public import SystemPackage

/// The name of a POSIX shared memory object, valid by construction.
///
/// Compared as bytes: the composed and the decomposed form of a letter are two names. shm_overview(7)
///
/// ```swift
/// let name = try RegionName("cache")   // the same as "/cache"
/// ```
public struct RegionName: Hashable, Sendable {
  /// The directory that holds POSIX objects on Linux.
  public static let directory: FilePath = "/dev/shm"
  /// The longest name, in bytes: NAME_MAX.
  public static let maximumLength = 255

  /// The name's bytes, without a leading slash.
  public let bytes: [UInt8]

  /// The name as text that is safe for a terminal and for one line. Control characters and bytes that are not UTF-8 are
  /// escaped.
  public var displayName: String { Escaping.printable(bytes) }

  /// A name, with or without its leading slash.
  ///
  /// - Throws: `ShmError` of kind `usage` for a name that is empty, `.` or `..`, holds a further
  ///   slash or a NUL, or is longer than 255 bytes. No system call is made.
  public init(_ string: String) throws(ShmError) {
    try self.init(bytes: Array(string.utf8))
  }

  /// A name of any bytes, with or without its leading slash.
  ///
  /// - Throws: `ShmError` of kind `usage` as for a string.
  public init(bytes whole: [UInt8]) throws(ShmError) {
    let bytes = whole.first == UInt8(ascii: "/") ? Array(whole.dropFirst()) : whole
    func refuse(_ reason: String) -> ShmError {
      ShmError(.usage, "\(Escaping.quoted(whole.prefix(80))) is not a region name", reason)
    }
    if bytes.isEmpty { throw refuse("it is empty") }
    if bytes == Array(".".utf8) || bytes == Array("..".utf8) { throw refuse("it is a directory") }
    if bytes.contains(UInt8(ascii: "/")) {
      throw refuse("it contains a slash (use file:PATH for a file)")
    }
    if bytes.contains(0) { throw refuse("it contains a NUL byte") }
    if bytes.count > Self.maximumLength {
      throw refuse("its length of \(bytes.count) bytes exceeds \(Self.maximumLength) bytes")
    }
    self.bytes = bytes
  }

  /// Where the object lies in the file system.
  public var path: FilePath { path(in: Self.directory) }

  /// The path of that name in another directory.
  package func path(in directory: FilePath) -> FilePath {
    FilePath(bytes: directory.bytes + [UInt8(ascii: "/")] + bytes)
  }

  /// The name as shm_open(3) takes it, with its slash.
  package var sharedMemoryName: FilePath { FilePath(bytes: [UInt8(ascii: "/")] + bytes) }
}

extension RegionName: CustomStringConvertible {
  /// The name as a word of a shell, safe for a terminal.
  public var description: String { Escaping.word(bytes) }

  /// The same, always in quotes, for messages.
  package var quoted: String { Escaping.quoted(bytes) }
}
