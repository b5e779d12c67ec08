import CShm
import Glibc
import ShmTestSupport
import Synchronization
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmCopying

@Suite("Fill patterns")
struct FillPatternTests {
  private func make(_ pattern: FillPattern, _ range: Range<Int>, start: Int = 0) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: range.count)
    unsafe bytes.withUnsafeMutableBytes {
      unsafe pattern.generate(into: $0, at: range.lowerBound, rangeStart: start)
    }
    return bytes
  }

  private func word(_ bytes: ArraySlice<UInt8>) -> UInt64 {
    bytes.reversed().reduce(0) { $0 << 8 | UInt64($1) }
  }

  // The published outputs for these seeds, of Vigna's splitmix64.c.
  private static let reference: [(UInt64, [UInt64])] = [
    (
      1_234_567,
      [
        6_457_827_717_110_365_317, 3_203_168_211_198_807_973, 9_817_491_932_198_370_423,
        4_593_380_528_125_082_431, 16_408_922_859_458_223_821,
      ]
    ),
    (0, [0xE220_A839_7B1D_CDAF, 0x6E78_9E6A_A1B9_65F4, 0x06C4_5D18_8009_454F]),
  ]

  @Test("the random pattern is SplitMix64, word by word, little-endian", arguments: reference)
  func splitMix64(_ seed: UInt64, _ outputs: [UInt64]) {
    let bytes = make(.random(seed: seed), 0..<8 * outputs.count)
    for (index, output) in outputs.enumerated() {
      #expect(word(bytes[(8 * index)..<(8 * index + 8)]) == output)
    }
  }

  @Test("the random pattern at word n equals step n of the generator")
  func splitMix64AtOnce() {
    var state = UInt64.max - 3
    let seed = state
    for index in 0..<1000 as Range<UInt64> {
      // The generator as it is published, with its state.
      state &+= 0x9E37_79B9_7F4A_7C15
      var word = state
      word = (word ^ (word >> 30)) &* 0xBF58_476D_1CE4_E5B9
      word = (word ^ (word >> 27)) &* 0x94D0_49BB_1331_11EB
      if FillPattern.splitMix64(seed, index: index) != word ^ (word >> 31) {
        Issue.record("output \(index) differs")
      }
    }
  }

  @Test("the sequence holds each word's own offset", arguments: [0, 8, 4096, 1 << 33])
  func sequence(_ offset: Int) {
    let bytes = make(.sequence, offset..<offset + 64)
    for index in 0..<8 {
      #expect(word(bytes[(8 * index)..<(8 * index + 8)]) == UInt64(offset + 8 * index))
    }
  }

  @Test("a pattern starts at the start of the range and does not restart within it")
  func phase() {
    let pattern = FillPattern.pattern([1, 2, 3])
    #expect(make(pattern, 0..<7) == [1, 2, 3, 1, 2, 3, 1])
    #expect(make(pattern, 5..<9, start: 5) == [1, 2, 3, 1])
    #expect(make(pattern, 6..<10, start: 5) == [2, 3, 1, 2])
    #expect(make(.pattern([9]), 3..<6, start: 1) == [9, 9, 9])
  }

  @Test(
    "the patterns of bytes and of zeros have the right bytes at every length",
    arguments: [0, 1, 7, 8, 4097])
  func uniform(_ count: Int) {
    #expect(make(.zero, 3..<3 + count) == Array(repeating: 0, count: count))
    #expect(make(.byte(0xA5), 3..<3 + count) == Array(repeating: 0xA5, count: count))
  }

  @Test(
    "a range filled in two parts has the same bytes as a range filled at once",
    arguments: [
      FillPattern.zero, .byte(7), .pattern([1, 2, 3, 4, 5]), .pattern(Array(0..<200)), .sequence,
      .random(seed: 42),
    ], [0, 1, 7, 8, 4093])
  func split(_ pattern: FillPattern, _ start: Int) {
    let range = start..<start + 61
    let whole = make(pattern, range, start: start)
    for middle in range.lowerBound...range.upperBound {
      let parts =
        make(pattern, start..<middle, start: start)
        + make(pattern, middle..<range.upperBound, start: start)
      if parts != whole { Issue.record("split at \(middle)") }
    }
  }
}
