package import SystemPackage

/// What went wrong, in the words of the user: what was tried, on what, why, and what to do.
///
/// ```swift
/// do {
///   let region = try Region.open(RegionReference("cache"))
/// } catch {
///   print(error)            // cannot open 'cache': no such region
///   exit(Int32(error.code.rawValue))
/// }
/// ```
public struct ShmError: Error, Hashable, Sendable {
  /// The kind of failure. Its raw value is the exit code that `shmtool` ends with.
  public enum Code: UInt8, Sendable {
    /// The question was answered, and the answer is no.
    case answerIsNo = 1
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
  /// The error number of the system call behind it, where there was one. errno(3)
  public let errorNumber: Int32?

  /// An error whose reason is known in words.
  public init(
    _ code: Code, _ attempt: String, _ reason: String, remedy: String? = nil,
    errorNumber: Int32? = nil
  ) {
    self.code = code
    self.attempt = attempt
    self.reason = reason
    self.remedy = remedy
    self.errorNumber = errorNumber
  }

  /// An error whose reason is the kernel's.
  package init(_ attempt: String, _ errno: Errno, remedy: String? = nil) {
    self.init(
      errno.code, attempt, errno.reason, remedy: remedy ?? errno.remedy,
      errorNumber: errno.rawValue)
  }
}

extension ShmError: CustomStringConvertible {
  /// The whole sentence on one line.
  public var description: String {
    let sentence = "\(attempt): \(reason)"
    guard let remedy else { return sentence }
    return "\(sentence); \(remedy)"
  }
}
