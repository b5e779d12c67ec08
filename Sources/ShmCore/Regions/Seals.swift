import CShm

/// Operations on a memfd that the kernel permanently refuses to all processes. fcntl(2), `F_ADD_SEALS`
///
/// ```swift
/// let region = try Region.anonymous("ring", size: 1 << 20)
/// try region.add([.shrink, .grow, .seal])
/// ```
public struct Seals: OptionSet, Hashable, Sendable {
  /// The bits, this type's own.
  public let rawValue: UInt8

  /// Seals from their bits.
  public init(rawValue: UInt8) {
    self.rawValue = rawValue
  }

  /// The region cannot shrink.
  public static let shrink = Seals(rawValue: 1)
  /// The region cannot grow.
  public static let grow = Seals(rawValue: 2)
  /// The contents cannot be written. The kernel refuses this seal while a process has a writable mapping.
  public static let write = Seals(rawValue: 4)
  /// No new writable mapping and no write(2). Existing writable mappings remain. Linux 5.1
  public static let futureWrite = Seals(rawValue: 8)
  /// The execute permission cannot change. Linux 6.3
  public static let exec = Seals(rawValue: 16)
  /// No seal can be added.
  public static let seal = Seals(rawValue: 32)

  /// Every seal with the word a user writes for it, and the kernel's number.
  static let table: [(seal: Seals, word: String, number: CInt)] = [
    (.shrink, "shrink", cshm_F_SEAL_SHRINK),
    (.grow, "grow", cshm_F_SEAL_GROW),
    (.write, "write", cshm_F_SEAL_WRITE),
    (.futureWrite, "future-write", cshm_F_SEAL_FUTURE_WRITE),
    (.exec, "exec", cshm_F_SEAL_EXEC),
    (.seal, "seal", cshm_F_SEAL_SEAL),
  ]

  /// The words for the seals that are set, in the order of the table.
  package var words: [String] {
    Self.table.filter { contains($0.seal) }.map(\.word)
  }

  /// All words for seals.
  package static var allWords: [String] { table.map(\.word) }

  /// The seals of the given words, which may be separated by commas; nil for an unknown word.
  package init?(words: [String]) {
    var seals: Seals = []
    for word in words.flatMap({ $0.split(separator: ",") }) {
      guard let entry = Self.table.first(where: { $0.word == word }) else { return nil }
      seals.insert(entry.seal)
    }
    self = seals
  }

  var numbers: CInt {
    Self.table.reduce(0) { contains($1.seal) ? $0 | $1.number : $0 }
  }

  package init(numbers: CInt) {
    self = Self.table.reduce(into: []) { seals, entry in
      if numbers & entry.number != 0 { seals.insert(entry.seal) }
    }
  }
}

extension Seals: CustomStringConvertible {
  /// The words for the seals that are set: "write, grow".
  public var description: String { words.joined(separator: ", ") }
}
