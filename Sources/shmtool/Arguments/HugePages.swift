import ShmCore

/// Huge pages as a user asks for them: `--huge` for the machine's default, `--huge=1G` for a size,
/// `--huge=try` if ordinary pages are acceptable, `--huge=transparent` for transparent huge pages of tmpfs.
struct HugePages: ArgumentWord, Hashable {
  static let form =
    "expected a page size such as 2M or 1G, try, or transparent"

  /// The size in bytes; nil for the default.
  let pageSize: Int?
  /// Whether ordinary pages are accepted.
  let isOptional: Bool
  /// Whether the pages are ordinary at first, and collapsed to huge ones.
  let isTransparent: Bool

  /// The option, and its value if none is given.
  static let option = "--huge"
  static let bare = "default"

  init?(argument: String) {
    isOptional = argument == "try"
    isTransparent = argument == "transparent"
    switch argument {
    case Self.bare, "try", "transparent": pageSize = nil
    default:
      guard let size = ByteSize(argument: argument)?.bytes, size > PageMath.pageSize,
        size & (size - 1) == 0
      else { return nil }
      pageSize = size
    }
  }

  /// The value is optional, so it is only taken after `=`: otherwise the operand that follows would
  /// be taken for it.
  static func completing(_ arguments: some Sequence<String>) -> [String] {
    arguments.map { $0 == option ? "\(option)=\(bare)" : $0 }
  }

  /// Whether an error is one for which ordinary pages are the answer.
  func accepts(_ error: ShmError) -> Bool {
    isOptional && [.notFound, .notPermitted, .noSpace, .usage, .doesNotFit].contains(error.kind)
  }
}
