package import SystemPackage

/// An error in the words of the user: the operation, its object, the reason, and the remedy.
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
  /// The failed operation and its object: "cannot create 'cache'".
  public let attempt: String
  /// Why it failed, with figures.
  public let reason: String
  /// The remedy, if there is one.
  public let remedy: Remedy?
  /// The limit that is too low, if one is: how it is raised depends on the place, see `Place`.
  public let shortage: LimitShortage?
  /// The error number of the failed system call; nil if no call failed. errno(3)
  public let errorNumber: Int32?

  /// An error with a reason in words.
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

  /// The same error with other texts.
  ///
  /// - Parameters:
  ///   - attempt: the operation; nil to keep the text of this error.
  ///   - reason: the reason; nil to keep the text of this error.
  ///   - remedy: the remedy besides raising the limit; nil to keep the text of this error.
  /// - Returns: an error of the same kind, with the same limit and error number.
  package func worded(
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
  ///   - advise: describes how to raise a limit in the environment of the process.
  ///   - word: describes a remedy in the terms of the program.
  /// - Returns: the operation, the reason, and the remedy.
  package func sentence(
    advising advise: (LimitShortage) -> String, wording word: (Remedy) -> String = \.description
  ) -> String {
    (["\(attempt): \(reason)"] + [shortage.map(advise), remedy.map(word)].compactMap { $0 })
      .joined(separator: "; ")
  }
}
