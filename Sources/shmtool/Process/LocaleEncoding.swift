/// The encoding of characters that the environment selects. locale(7)
enum LocaleEncoding {
  /// Whether text can have characters beyond ASCII.
  ///
  /// - Parameter variable: the value of a variable; nil if it is not set.
  /// - Returns: false without a locale, because that is the locale `C`.
  static func isUTF8(_ variable: (String) -> String?) -> Bool {
    let names = ["LC_ALL", "LC_CTYPE", "LANG"]
    guard let locale = names.lazy.compactMap(variable).first(where: { !$0.isEmpty }) else {
      return false
    }
    // language_TERRITORY.encoding@modifier
    let parts = locale.split(separator: "@", omittingEmptySubsequences: false)
    let fields = (parts.first ?? "").split(separator: ".", maxSplits: 1)
    guard fields.count == 2 else { return false }
    return fields[1].lowercased().replacing("-", with: "") == "utf8"
  }
}
