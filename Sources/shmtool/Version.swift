import CShmTool

/// The version of the program and of the library that is released with it.
///
/// This is the only place that holds it. A release is tagged with the same number, and a test compares
/// it with the newest release in CHANGELOG.md and with the version in README.md.
enum Version {
  static let current = "1.0.0"

  /// The version, with the commit if the build has named one: `1.2.3 (0123456789ab)`.
  static var text: String {
    let commit = unsafe String(cString: cshmtool_commit())
    return commit.isEmpty ? current : "\(current) (\(commit))"
  }
}
