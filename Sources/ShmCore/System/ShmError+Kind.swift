extension ShmError {
  /// The kind of an error, with a stable name. Programs that use the library may add kinds.
  ///
  /// ```swift
  /// do {
  ///   try Region.open(RegionReference("cache")).unlink()
  /// } catch where error.kind == .notFound {
  ///   print("nothing to remove")
  /// }
  /// ```
  public struct Kind: Hashable, Sendable {
    /// A word for logs and for output that programs read, such as "not_found".
    public let name: String

    /// A kind with a custom name.
    public init(_ name: String) {
      self.name = name
    }

    /// The arguments of the call are wrong whatever the object is: a malformed name, a negative size.
    public static let usage = Kind("usage")
    /// The object is not a region: a directory, a device, a file on a disk.
    public static let notSharedMemory = Kind("not_shared_memory")
    /// The object cannot do what was asked, or speaks another version of the protocol.
    public static let incompatible = Kind("incompatible")
    /// A size or a range does not fit the object: it lies past the end, or the input is too long.
    public static let doesNotFit = Kind("does_not_fit")
    /// The contents are damaged: a checksum, a position or a message is wrong.
    public static let damaged = Kind("damaged")
    /// The region, stream or process does not exist.
    public static let notFound = Kind("not_found")
    /// The peer process died.
    public static let peerDied = Kind("peer_died")
    /// A defect of this library.
    public static let defect = Kind("defect")
    /// The system refused for a reason without a specific kind.
    public static let system = Kind("system")
    /// The name exists already.
    public static let exists = Kind("exists")
    /// Reading or writing failed.
    public static let inputOutput = Kind("input_output")
    /// Another process uses the object.
    public static let busy = Kind("busy")
    /// The peer process aborted the stream.
    public static let aborted = Kind("aborted")
    /// The caller lacks the permission.
    public static let notPermitted = Kind("not_permitted")
    /// A limit does not allow the wiring.
    public static let limit = Kind("limit")
    /// A tmpfs, the pool of huge pages, a quota or the memory is exhausted.
    public static let noSpace = Kind("no_space")
    /// The time limit has passed.
    public static let timedOut = Kind("timed_out")
    /// A signal that ends the process is pending.
    public static let interrupted = Kind("interrupted")
    /// The answer is unknown, because a source that it needs could not be read.
    public static let answerUnknown = Kind("answer_unknown")
  }
}

extension ShmError.Kind: CustomStringConvertible {
  /// The name.
  public var description: String { name }
}
