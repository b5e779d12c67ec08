import Glibc
import ShmTestSupport
import Testing

/// The compiler accepts a loan only until the next call of its end.
@Suite(
  "the compiler and loans",
  .enabled(
    if: unsafe access("\(Tool.directory)/Modules", R_OK) == 0 && TestEnvironment.has("swiftc"),
    "needs swiftc and the built modules beside the tests"))
struct LoanCompilationTests {
  /// Compiles a function with both ends, up to the checks of exclusivity and lifetimes.
  private func compile(_ body: String) async throws -> Tool.Result {
    let maps = [
      "\(Tool.directory)/CShm.build/module.modulemap",
      "\(Tool.directory)/../../checkouts/swift-system/Sources/CSystem/include/module.modulemap",
    ]
    let source = """
      import ShmStreams
      func use(_ sender: inout StreamSender, _ receiver: inout StreamReceiver) throws {
      \(body)
      }
      """
    return try await Tool.run(
      "swiftc",
      ["-swift-version", "6", "-I", "\(Tool.directory)/Modules", "-emit-sil", "-o", "/dev/null"]
        + maps.flatMap { ["-Xcc", "-fmodule-map-file=\($0)"] } + ["-"],
      input: Array(source.utf8))
  }

  @Test(
    "a loan can be used until the next call",
    arguments: [
      "while let record = try receiver.next() { print(record.bytes.byteCount, record.span.count) }",
      """
      if let first = try receiver.next() { print(first.span[0]) }
      if let second = try receiver.next() { print(second.span[0]) }
      """,
      """
      while let piece = try receiver.nextBytes(upTo: 100) {
        var room = try sender.room(atLeast: 100)
        for index in piece.span.indices {
          room.storeBytes(of: piece.span[index], toByteOffset: index, as: UInt8.self)
        }
        let count = piece.span.count
        try sender.publish(byteCount: count)
      }
      """,
      """
      switch try receiver.tryNext() {
      case .record(let record): print(record.bytes.byteCount)
      case .nothing: print("nothing")
      case .end: break
      }
      """,
    ])
  func accepted(_ body: String) async throws {
    let result = try await compile(body)
    #expect(result.code == 0, "\(result.error)")
  }

  @Test(
    "two loans at once, and a loan after the next call, are refused",
    arguments: [
      """
      guard let first = try receiver.next(), let second = try receiver.next() else { return }
      print(first.bytes.byteCount, second.bytes.byteCount)
      """,
      """
      guard let record = try receiver.next() else { return }
      _ = try receiver.finish()
      print(record.bytes.byteCount)
      """,
      """
      guard let piece = try receiver.nextBytes() else { return }
      guard let record = try receiver.next() else { return }
      print(piece.span.count, record.span.count)
      """,
      """
      var room = try sender.room()
      try sender.publish(byteCount: 8)
      room.storeBytes(of: 1, as: Int.self)
      """,
      """
      var kept = Span<UInt8>()
      if let record = try receiver.next() { kept = record.span }
      _ = try receiver.finish()
      print(kept.count)
      """,
      """
      let first = try sender.room()
      let second = try sender.room()
      print(first.byteCount, second.byteCount)
      """,
    ])
  func refused(_ body: String) async throws {
    let result = try await compile(body)
    #expect(result.code != 0)
    #expect(result.error.contains("overlapping accesses to"), "\(result.error)")
  }

  @Test("a loan cannot leave a function")
  func escape() async throws {
    let result = try await compile("func later() throws -> RawSpan { try receiver.next()!.bytes }")
    #expect(result.code != 0)
  }
}
