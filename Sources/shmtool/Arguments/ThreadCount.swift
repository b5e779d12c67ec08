/// A number of threads: 1 to 256.
struct ThreadCount: ArgumentWord {
  static let form =
    "expected 1 to 256 threads"

  let count: Int

  init?(argument: String) {
    guard let count: Int = Digits.number(argument), (1...256).contains(count) else { return nil }
    self.count = count
  }
}
