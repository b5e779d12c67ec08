import Testing

@testable import shmtool

@Suite("The encoding of the locale")
struct LocaleEncodingTests {
  @Test(
    "is UTF-8 if the first variable that is not empty says so",
    arguments: [
      (["LANG": "en_US.UTF-8"], true), (["LANG": "C.utf8"], true),
      (["LANG": "de_AT.UTF-8@euro"], true),
      (["LC_ALL": "C", "LANG": "en_US.UTF-8"], false),
      (["LC_ALL": "", "LC_CTYPE": "C.UTF-8", "LANG": "C"], true),
      (["LC_CTYPE": "POSIX", "LANG": "en_US.UTF-8"], false), ([:], false), (["LANG": ""], false),
      (["LANG": "ja_JP.eucJP"], false), (["LANG": "de_DE@UTF-8"], false),
      (["LANG": "UTF-8"], false),
      (["LC_MESSAGES": "C.UTF-8"], false),
    ])
  func variables(_ environment: [String: String], _ expected: Bool) {
    #expect(LocaleEncoding.isUTF8 { environment[$0] } == expected)
  }
}
