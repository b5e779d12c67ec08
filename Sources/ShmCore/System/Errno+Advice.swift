import Glibc
import SystemPackage

/// What an error number means for a user of shared memory: the one table.
extension Errno {
  /// The kind of failure.
  var code: ShmError.Code {
    switch self {
    case .noSuchFileOrDirectory, .noSuchProcess, .noSuchAddressOrDevice: .notFound
    case .fileExists: .exists
    case .permissionDenied, .notPermitted, .readOnlyFileSystem: .notPermitted
    case .noSpace, .noMemory, .diskQuotaExceeded: .noSpace
    case .ioError, .brokenPipe, .fileTooLarge, .badAddress: .inputOutput
    case .resourceBusy, .textFileBusy, .resourceTemporarilyUnavailable: .busy
    default: .system
    }
  }

  /// The reason in the kernel's words, in lower case as the middle of a sentence.
  var reason: String {
    let text = description
    guard let first = text.first, text.dropFirst().first?.isLowercase == true else { return text }
    return first.lowercased() + text.dropFirst()
  }

  /// RLIMIT_FSIZE in bytes; nil for no limit. getrlimit(2)
  private static var fileSizeLimit: Int? {
    var limit = rlimit()
    guard unsafe getrlimit(__rlimit_resource_t(1), &limit) == 0, limit.rlim_cur != .max else {
      return nil
    }
    return Int(clamping: limit.rlim_cur)
  }

  /// What to do, where the number alone tells.
  var remedy: String? {
    switch self {
    case .tooManyOpenFiles: "raise the limit on open files with 'ulimit -n'"
    case .tooManyOpenFilesInSystem: "raise fs.file-max"
    case .noFunction: "a sandbox refuses the call, or the kernel is too old for it"
    case .fileTooLarge:
      Self.fileSizeLimit.map {
        "the limit on file sizes is \(ByteCount($0)), and 'ulimit -f' raises it"
      }
    case .readOnlyFileSystem: "the file system is mounted read-only"
    default: nil
    }
  }
}
