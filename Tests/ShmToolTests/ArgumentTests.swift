import SystemPackage
import Testing

@testable import shmtool

@Suite("Words of the command line, as values")
struct ArgumentTests {
  @Test(
    "sizes are parsed, and invalid sizes refused",
    arguments: [
      ("0", 0), ("4096", 4096), ("1k", 1024), ("1K", 1024), ("1KiB", 1024), ("1kb", 1000),
      ("2M", 2 << 20), ("2MB", 2_000_000), ("3G", 3 << 30), ("1T", 1 << 40),
      ("1TB", 1_000_000_000_000),
      ("5b", 5), ("2p", 8192), ("2P", nil), ("9223372036854775807", .max),
      ("8388607T", 8_388_607 << 40),
      ("9223372036854775808", nil), ("8388608T", nil), ("", nil), ("-1", nil), ("+1", nil),
      ("1e3", nil),
      ("4Gi", nil), ("1 K", nil), (" 1", nil), ("K", nil), ("0x10", nil), ("1KK", nil),
      ("1\u{212A}", nil),
      ("\u{0661}", nil),
    ] as [(String, Int?)])
  func size(_ text: String, _ bytes: Int?) {
    #expect(ByteSize(argument: text)?.bytes == bytes)
  }

  @Test(
    "sizes to wait for are parsed, and invalid sizes refused",
    arguments: [
      ("64K", 65536, false), ("0", 0, false), ("+1", 1, true), ("+4K", 4096, true),
      ("+2p", 8192, true),
      ("+0", 0, true),
    ])
  func goal(_ text: String, _ bytes: Int, _ isGrowth: Bool) {
    let goal = SizeGoal(argument: text)
    #expect(goal?.bytes == bytes && goal?.isGrowth == isGrowth)
    for wrong in ["", "+", "++1", "-1", "+-1", "1+", "+ 1", "+9223372036854775808"] {
      #expect(SizeGoal(argument: wrong) == nil)
    }
  }

  @Test(
    "ranges are parsed, and invalid ranges refused",
    arguments: [
      ("4K+1K", 4096..<5120), ("0:1", 0..<1), ("4K:8K", 4096..<8192), ("1:", 1..<100),
      ("0:", 0..<100),
      ("4K+", nil), ("+1", nil), (":1", nil), ("1:1", nil), ("2:1", nil), ("1+0", nil), ("1", nil),
      ("9223372036854775807+1", nil), ("1+9223372036854775807", nil), ("", nil), ("a:b", nil),
    ] as [(String, Range<Int>?)])
  func range(_ text: String, _ range: Range<Int>?) {
    let parsed = ByteRange(argument: text)
    #expect(parsed.map { $0.offset..<($0.end ?? 100) } == range)
  }

  @Test(
    "durations are parsed, and invalid durations refused",
    arguments: [
      ("250ms", 250), ("5s", 5000), ("5", 5000), ("2m", 120_000), ("1h", 3_600_000), ("0", 0),
      ("1d", nil), ("-1s", nil), ("1.5s", nil), ("", nil), ("ms", nil),
      ("9223372036854775807h", nil),
      ("4611686018427387ms", nil), ("4611686018426ms", 4_611_686_018_426),
    ] as [(String, Int?)])
  func time(_ text: String, _ milliseconds: Int?) {
    #expect(TimeSpan(argument: text)?.milliseconds == milliseconds)
  }

  @Test(
    "numbers with a sign are refused", arguments: ["-0", "+1", "", " 1", "1 ", "0x-0", "x", "0x"])
  func signs(_ text: String) {
    #expect(ByteValue(argument: text) == nil)
    #expect(FileMode(argument: text) == nil)
    #expect(ThreadCount(argument: text) == nil)
    #expect(Address(argument: text) == nil)
  }

  @Test("bytes, modes, threads and addresses are parsed")
  func numbers() {
    #expect(ByteValue(argument: "255")?.value == 255)
    #expect(ByteValue(argument: "0xFf")?.value == 255)
    #expect(ByteValue(argument: "256") == nil)
    #expect(FileMode(argument: "0640")?.permissions.rawValue == 0o640)
    #expect(FileMode(argument: "1777") == nil)
    #expect(FileMode(argument: "8") == nil)
    #expect(ThreadCount(argument: "256")?.count == 256)
    #expect(ThreadCount(argument: "257") == nil)
    #expect(ThreadCount(argument: "0") == nil)
    #expect(Address(argument: "0x7f0000000000")?.value == 0x7f00_0000_0000)
    #expect(Address(argument: "0X1000")?.value == 4096)
    #expect(Address(argument: "0x1001") == nil)
    #expect(Address(argument: "0x0") == nil)
    #expect(Address(argument: "4096") == nil)
  }

  @Test(
    "texts with escapes are parsed",
    arguments: [
      ("abc", [97, 98, 99]), ("\\n\\t\\r\\0\\\\", [10, 9, 13, 0, 92]), ("\\x00\\xfF", [0, 255]),
      ("é", [0xC3, 0xA9]), ("\\x4", nil), ("\\x+1", nil), ("\\q", nil), ("\\", nil), ("", nil),
    ] as [(String, [UInt8]?)])
  func text(_ argument: String, _ bytes: [UInt8]?) {
    #expect(ByteText(argument: argument)?.bytes == bytes)
  }

  @Test("sizes of huge pages are parsed")
  func huge() {
    #expect(HugePages(argument: "2M")?.pageSize == 2 << 20)
    #expect(HugePages(argument: "try")?.isOptional == true)
    #expect(HugePages(argument: "default")?.pageSize == nil)
    for bad in ["3M", "4K", "0", "", "x"] { #expect(HugePages(argument: bad) == nil) }
    #expect(HugePages.completing(["create", "--huge", "x"]) == ["create", "--huge=default", "x"])
  }
}

@Suite("Reports in words")
struct FormatTests {
  @Test(
    "rates are formatted",
    arguments: [
      (1_000_000_000, 1_000_000_000, "1.0 GB/s"), (999_960_000, 1_000_000_000, "1.0 GB/s"),
      (1_500_000, 1_000_000_000, "1.5 MB/s"), (1_500, 1_000_000_000, "1.5 kB/s"),
      (999, 1_000_000_000, "999 B/s"), (5, 0, "- B/s"), (0, 1_000_000_000, "0 B/s"),
    ])
  func rate(_ bytes: Int, _ nanoseconds: Int, _ text: String) {
    #expect(Format.rate(bytes, nanoseconds) == text)
  }

  @Test("times, ages and modes are formatted")
  func small() {
    #expect(Format.seconds(1_234_567_890) == "1.235 s")
    #expect(Format.seconds(4_600_000) == "0.005 s")
    #expect(Format.seconds(999_999) == "999 us" && Format.seconds(1_000_000) == "0.001 s")
    #expect(
      [0, 59, 60, 3600, 86400, -5].map { Format.age($0) } == ["0s", "59s", "1m", "1h", "1d", "0s"])
    #expect(
      [0, 0o600, 0o7777].map { Format.mode(FilePermissions(rawValue: $0)) } == [
        "0000", "0600", "7777",
      ])
  }

  @Test("tables have the least width and no trailing blanks")
  func table() {
    var table = Table(columns: [
      Table.Column(heading: "NAME"), Table.Column(heading: "SIZE", alignsRight: true),
      Table.Column(heading: "USERS"),
    ])
    table.rows = [["a", "1", "none"], ["longer", "12345", ""]]
    #expect(
      table.text(headings: true) == """
        NAME     SIZE  USERS
        a           1  none
        longer  12345  \("")

        """)
    #expect(table.text(headings: false).hasPrefix("a           1  none\n"))
  }

  @Test("a hexadecimal dump has the format of hexdump -C")
  func hexDump() {
    let text = HexDump.text(Array("0123456789abcdef\u{1B}é".utf8), at: 16)
    #expect(
      text == """
        00000010  30 31 32 33 34 35 36 37  38 39 61 62 63 64 65 66  |0123456789abcdef|
        00000020  1b c3 a9                                          |...|

        """)
  }

  @Test("the progress line shows bytes, rate, and the time left if it is known")
  func progress() {
    let half = ProgressLine.line(done: 512 << 20, total: 1 << 30, nanoseconds: 1_000_000_000)
    #expect(half == "512 MiB of 1 GiB  50 %  536.9 MB/s  2s left")
    #expect(
      ProgressLine.line(done: 1 << 20, total: nil, nanoseconds: 1_000_000_000) == "1 MiB  1.0 MB/s")
    #expect(
      ProgressLine.line(done: 10, total: .max, nanoseconds: 2_500_000_000)
        == "10 B of 8 EiB  0 %  4 B/s")
    #expect(
      ProgressLine.line(done: 0, total: 10, nanoseconds: 1_000_000_000) == "0 B of 10 B  0 %  0 B/s"
    )
  }
}
