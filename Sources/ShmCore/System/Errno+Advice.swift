import Glibc
import SystemPackage

/// The table of the meanings of error numbers for users of shared memory.
extension Errno {
  /// The kind of failure.
  package var kind: ShmError.Kind {
    switch self {
    case .noSuchFileOrDirectory, .noSuchProcess, .noSuchAddressOrDevice: .notFound
    case .fileExists: .exists
    case .permissionDenied, .notPermitted, .readOnlyFileSystem: .notPermitted
    case .noSpace, .noMemory, .diskQuotaExceeded: .noSpace
    case .ioError, .brokenPipe, .fileTooLarge, .badAddress: .inputOutput
    case .isDirectory: .incompatible
    case .fileNameTooLong: .usage
    case .resourceBusy, .textFileBusy, .resourceTemporarilyUnavailable: .busy
    default: .system
    }
  }

  /// The reason in the kernel's words, in lower case as the middle of a sentence.
  package var reason: String {
    let text = description + (self == .fileTooLarge ? Self.fileSizeFigure : "")
    guard let first = text.first, text.dropFirst().first?.isLowercase == true else { return text }
    return first.lowercased() + text.dropFirst()
  }

  /// The limit on file sizes as a part of a sentence; empty without a limit.
  private static var fileSizeFigure: String {
    limit(RLIMIT_FSIZE).soft.map { " (the limit on file sizes is \(ByteCount($0)))" } ?? ""
  }

  /// The limit on addresses, if `bytes` more are more than it allows; nil if something else binds.
  static func addressShortage(_ bytes: Int) -> LimitShortage? {
    let (soft, hard) = limit(RLIMIT_AS)
    guard let soft, let text = try? FileSystem.contents(of: "/proc/self/statm"),
      let pages = ProcText.words(text[...]).first.flatMap({ ProcText.decimal($0) })
    else { return nil }
    let (needed, overflow) = (pages * PageMath.pageSize).addingReportingOverflow(bytes)
    guard overflow || needed > soft else { return nil }
    return LimitShortage(.resource(.addressSpace, hard: hard), needed: overflow ? nil : needed)
  }

  /// A limit of this process; nil without a limit. getrlimit(2)
  static func limit(_ resource: __rlimit_resource) -> (soft: Int?, hard: Int?) {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(resource.rawValue), &limit) == 0 else {
      return (nil, nil)
    }
    func value(_ number: rlim_t) -> Int? { number == .max ? nil : Int(clamping: number) }
    return (value(limit.rlim_cur), value(limit.rlim_max))
  }

  /// The limit that is too low; nil if the error number has several causes.
  package var shortage: LimitShortage? {
    switch self {
    case .tooManyOpenFiles:
      let (soft, hard) = Self.limit(RLIMIT_NOFILE)
      return LimitShortage(.resource(.openFiles, hard: hard), needed: soft.map { $0 * 2 })
    case .fileTooLarge:
      let (soft, hard) = Self.limit(RLIMIT_FSIZE)
      return soft.map { _ in LimitShortage(.resource(.fileSize, hard: hard), needed: nil) }
    default: return nil
    }
  }

  /// The remedy, if the error number alone determines it.
  package var remedy: Remedy? {
    switch self {
    case .tooManyOpenFilesInSystem: "raise fs.file-max"
    case .noFunction: "a sandbox refuses the system call, or the kernel does not have it"
    case .readOnlyFileSystem: "the file system is mounted read-only"
    default: nil
    }
  }
}
