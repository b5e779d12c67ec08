import ShmCore

/// The argument of `--huge`:
///
/// - no value: huge pages of the default size of the host
/// - a size such as `1G`: huge pages of that size
/// - `try`: huge pages of the default size, or ordinary pages if there are not enough
/// - `transparent`: transparent huge pages of tmpfs
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
