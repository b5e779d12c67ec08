package import SystemPackage

/// What went wrong, in the words of the user: what was tried, on what, why, and what to do.
///
/// ```swift
/// do {
///   let region = try Region.open(RegionReference("cache"))
///   print(try region.status().size)
/// } catch {
///   print(error.code, error.reason)
/// }
/// ```
public struct ShmError: Error, Hashable, Sendable {
  /// The kind of failure. Its raw value is the exit code that `shmtool` ends with.
  public enum Code: UInt8, Sendable {
    /// The question was answered, and the answer is no.
    case answerIsNo = 1
    /// What decides the question could not be read: the answer is unknown.
    case unknown = 2
    /// The words of the call are wrong: a name, a size, a range.
    case usage = 64
    /// What was found is not what it should be.
    case corrupt = 65
    /// There is no such region, stream or process.
    case notFound = 66
    /// The other process died.
    case peerDied = 69
    /// A defect of this library.
    case defect = 70
    /// The system refused for a reason that has no code of its own.
    case system = 71
    /// The name is taken.
    case exists = 73
    /// Reading or writing failed.
    case inputOutput = 74
    /// Somebody else holds it.
    case busy = 75
    /// The other process gave up.
    case aborted = 76
    /// The caller may not do this.
    case notPermitted = 77
    /// A limit refuses the wiring.
    case limit = 78
    /// A tmpfs, the huge pages or the memory is used up.
    case noSpace = 79
    /// The time that was given has passed.
    case timedOut = 124
    /// The command cannot be run.
    case cannotRun = 126
    /// The command is not found.
    case commandNotFound = 127
    /// A signal that ends processes is waiting to be delivered.
    case interrupted = 130
  }

  /// The kind of failure.
  public let code: Code
  /// What was tried, and on what: "cannot create 'cache'".
  public let attempt: String
  /// Why it failed, with figures.
  public let reason: String
  /// What to do about it, where there is something.
  public let remedy: String?
  /// The limit that is too low, if one is: how it is raised depends on the place, see `Place`.
  public let shortage: LimitShortage?
  /// The error number of the system call behind it, where there was one. errno(3)
  public let errorNumber: Int32?

  /// An error whose reason is known in words.
  public init(
    _ code: Code, _ attempt: String, _ reason: String, remedy: String? = nil,
    shortage: LimitShortage? = nil, errorNumber: Int32? = nil
  ) {
    self.code = code
    self.attempt = attempt
    self.reason = reason
    self.remedy = remedy
    self.shortage = shortage
    self.errorNumber = errorNumber
  }

  /// An error whose reason is the kernel's.
  package init(_ attempt: String, _ errno: Errno, remedy: String? = nil) {
    self.init(
      errno.code, attempt, errno.reason, remedy: remedy ?? errno.remedy,
      shortage: remedy == nil ? errno.shortage : nil, errorNumber: errno.rawValue)
  }

  /// The same error in other words.
  ///
  /// - Parameters:
  ///   - attempt: what was tried; nil for the words of this error.
  ///   - reason: why it failed; nil for the words of this error.
  ///   - remedy: what to do besides raising the limit; nil for the words of this error.
  /// - Returns: an error with the same code, limit and error number.
  public func worded(
    attempt: String? = nil, reason: String? = nil, remedy: String? = nil
  ) -> ShmError {
    ShmError(
      code, attempt ?? self.attempt, reason ?? self.reason, remedy: remedy ?? self.remedy,
      shortage: shortage, errorNumber: errorNumber)
  }
}

extension ShmError: CustomStringConvertible {
  /// The whole sentence on one line, with the general form of how the limit is raised.
  public var description: String {
    sentence { $0.description }
  }

  /// The whole sentence on one line.
  ///
  /// - Parameter advise: says how a limit is raised in the place of the process.
  /// - Returns: what was tried, why it failed, and what to do.
  public func sentence(advising advise: (LimitShortage) -> String) -> String {
    (["\(attempt): \(reason)"] + [shortage.map(advise), remedy].compactMap { $0 })
      .joined(separator: "; ")
  }
}
