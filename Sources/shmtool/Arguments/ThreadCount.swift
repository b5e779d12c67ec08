import ArgumentParser

/// A number of threads: 1 to 256.
struct ThreadCount: ExpressibleByArgument {
  let count: Int

  init?(argument: String) {
    guard let count: Int = Digits.number(argument), (1...256).contains(count) else { return nil }
    self.count = count
  }
}
