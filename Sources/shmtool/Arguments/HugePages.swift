import ShmCore

/// Huge pages as a user asks for them: `--huge` for the machine's default, `--huge=1G` for a size,
/// `--huge=try` where ordinary pages will do.
struct HugePages: ArgumentWord, Hashable {
  static let form =
    "huge pages are written 2M, 1G, or try where ordinary ones will do"

  /// The size in bytes; nil for the default.
  let pageSize: Int?
  /// Whether ordinary pages are accepted.
  let isOptional: Bool

  /// The option, and how it is meant where it stands alone.
  static let option = "--huge"
  static let bare = "default"

  init?(argument: String) {
    isOptional = argument == "try"
    switch argument {
    case Self.bare, "try": pageSize = nil
    default:
      guard let size = ByteSize(argument: argument)?.bytes, size > PageMath.pageSize,
        size & (size - 1) == 0
      else { return nil }
      pageSize = size
    }
  }

  /// A value may be left out, so it is only taken behind `=`: else the operand that follows would
  /// be taken for it.
  static func completing(_ arguments: some Sequence<String>) -> [String] {
    arguments.map { $0 == option ? "\(option)=\(bare)" : $0 }
  }

  /// Whether an error is one for which ordinary pages are the answer.
  func accepts(_ error: ShmError) -> Bool {
    isOptional && [.notFound, .notPermitted, .noSpace, .usage].contains(error.kind)
  }
}
