package import SystemPackage

/// What went wrong, in the words of the user: what was tried, on what, why, and what to do.
///
/// ```swift
/// do {
///   let region = try Region.open(RegionReference("cache"))
///   print(try region.status().size)
/// } catch {
///   print(error.kind, error.reason)
/// }
/// ```
public struct ShmError: Error, Hashable, Sendable {
  /// The kind of failure.
  public let kind: Kind
  /// What was tried, and on what: "cannot create 'cache'".
  public let attempt: String
  /// Why it failed, with figures.
  public let reason: String
  /// What to do about it, where there is something.
  public let remedy: Remedy?
  /// The limit that is too low, if one is: how it is raised depends on the place, see `Place`.
  public let shortage: LimitShortage?
  /// The error number of the system call behind it, where there was one. errno(3)
  public let errorNumber: Int32?

  /// An error whose reason is known in words.
  public init(
    _ kind: Kind, _ attempt: String, _ reason: String, remedy: Remedy? = nil,
    shortage: LimitShortage? = nil, errorNumber: Int32? = nil
  ) {
    self.kind = kind
    self.attempt = attempt
    self.reason = reason
    self.remedy = remedy
    self.shortage = shortage
    self.errorNumber = errorNumber
  }

  /// An error whose reason is the kernel's.
  package init(_ attempt: String, _ errno: Errno, remedy: Remedy? = nil) {
    self.init(
      errno.kind, attempt, errno.reason, remedy: remedy ?? errno.remedy,
      shortage: remedy == nil ? errno.shortage : nil, errorNumber: errno.rawValue)
  }

  /// The same error in other words.
  ///
  /// - Parameters:
  ///   - attempt: what was tried; nil for the words of this error.
  ///   - reason: why it failed; nil for the words of this error.
  ///   - remedy: what to do besides raising the limit; nil for the words of this error.
  /// - Returns: an error of the same kind, with the same limit and error number.
  public func worded(
    attempt: String? = nil, reason: String? = nil, remedy: Remedy? = nil
  ) -> ShmError {
    ShmError(
      kind, attempt ?? self.attempt, reason ?? self.reason, remedy: remedy ?? self.remedy,
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
  /// - Parameters:
  ///   - advise: says how a limit is raised in the place of the process.
  ///   - word: says in the program's own terms what can be done.
  /// - Returns: what was tried, why it failed, and what to do.
  public func sentence(
    advising advise: (LimitShortage) -> String, wording word: (Remedy) -> String = \.description
  ) -> String {
    (["\(attempt): \(reason)"] + [shortage.map(advise), remedy.map(word)].compactMap { $0 })
      .joined(separator: "; ")
  }
}
