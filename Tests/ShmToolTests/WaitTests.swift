import ShmTestSupport
import Testing

@Suite("wait")
struct WaitTests {
  @Test("wait ends at once if the condition holds already")
  func already() async throws {
    try await withRegion { (name) async throws in
      try await Tool.run("write", name.name, "--offset", "8", input: Array("ready\n".utf8))
      for words in [
        [], ["--size", "64K"], ["--size", "1"], ["--equals", "ready\\n", "--at", "8"],
        ["--equals", "\\x00"],
      ] {
        let result = try await Tool.run(
          Tool.path, ["wait", name.name, "--timeout", "0ms"] + words)
        #expect(result.code == 0, "\(words)")
        #expect(result.output.isEmpty && result.error.isEmpty)
      }
      let gone = try await Tool.run("wait", "\(name)-not", "--removed", "--timeout", "0")
      #expect(gone.code == 0)
    }
  }

  @Test(
    "wait exits with 124 after the time limit, and names the condition",
    arguments: [
      ([], "its removal", true), ([], "its creation", false),
      (["--size", "65537"], "a size of 65537 B; it has 64 KiB", true),
      (["--size", "1"], "a size of 1 B; it does not exist", false),
      (["--equals", "x"], "the value of 1 byte at 0", true),
      (["--equals", "xy", "--at", "1T"], "the value of 2 bytes at 1099511627776", true),
    ] as [([String], String, Bool)])
  func timeout(_ words: [String], _ what: String, _ exists: Bool) async throws {
    try await withRegion { (name) async throws in
      let operand = exists ? name.name : "\(name)-not"
      let words = what == "its removal" ? ["--removed"] : words
      let result = try await Tool.run(
        Tool.path, ["wait", operand, "--timeout", "50ms"] + words)
      #expect(result.code == 124)
      #expect(result.output.isEmpty)
      #expect(
        result.error
          == "shmtool: cannot wait for '\(operand)': timed out after 50 ms (waiting for \(what))\n")
    }
  }

  @Test("wait detects creation, growth, change and removal of a region")
  func changes() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("wait --size +SIZE sees growth by any call, and counts it from the start")
  func growth() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("a reader of a log that waits for more bytes misses no record")
  func log() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("wait --used and --users see processes that open, map or inherit a region")
  func used() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("wait --unused sees the last user close, unmap, exit or die")
  func unused() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("wait --unused knows that a file on its way through a socket is in use")
  func travelling() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("wait takes a memfd of a process, and notices its end")
  func descriptor() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("wait --resident sees pages become resident, and counts no reserved page")
  func resident() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test(
    "wait --free waits for the room that limits --room reports",
    .enabled(if: TestEnvironment.mayMount, "needs the right to mount"))
  func free() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("several conditions of wait must hold at the same time")
  func combined() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test(
    "wait fails with 66 if a region whose users, growth or pages it waits for is removed or replaced"
  )
  func gone() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("wait --json reports what was wanted, what was found, and the time")
  func report() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("wait -q prints nothing, and answers with the exit status")
  func quiet() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("a signal ends each kind of wait at once, and leaves no lease")
  func interrupted() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test("wait takes little processor time, also among many events")
  func patient() async throws {
    try await withName { (name) async throws in try await Python.test(named: name, alone: true) }
  }

  @Test(
    "wait --unused exits with 2 for an ordinary user without a proof",
    .enabled("needs root, and a binary that others can run") {
      try await Nobody.isUsable()
    })
  func asNobody() async throws {
    try await withName { (name) async throws in try await Python.test(named: name) }
  }

  @Test("a region that is renamed to the name is a new region")
  func renamed() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test(
    "conditions that cannot be combined and invalid values are refused",
    arguments: [
      ["--removed", "--size", "1"], ["--equals", "x", "--removed"], ["--at", "4"], ["--at", "0"],
      ["--at", "0", "--removed"],
      ["--timeout", "5x"], ["--timeout=-1s"], ["--timeout", "99999999999999h"], ["--timeout", ""],
      ["--equals", ""], ["--size", "-1"], ["--size", "++1"], ["--size", "+"],
      ["--used", "--unused"],
      ["--users", "0"], ["--users", "-1"], ["--users", "1", "--unused"],
      ["--used", "--users", "2"],
      ["--removed", "--unused"], ["--removed", "--resident", "1"], ["--free", "0"],
      ["--in", "/dev/shm"], ["--free", "1", "--json", "--quiet"], ["--resident", "x"],
    ])
  func usage(_ words: [String]) async throws {
    let result = try await Tool.run(Tool.path, ["wait", TestName().name] + words)
    #expect(result.code == 64)
    #expect(result.output.isEmpty)
    // Without a region there is nothing but room to wait for.
    if !words.contains("--free") {
      #expect(try await Tool.run(Tool.path, ["wait"] + words).code == 64, "\(words)")
    }
  }

  @Test("a signal ends wait", arguments: [2, 15])
  func signal(_ number: Int) async throws {
    try await Python.test(named: TestName(), "\(number)")
  }
}
