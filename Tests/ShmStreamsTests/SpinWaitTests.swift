import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore
@testable import ShmStreams

@Suite(
  "spinning before a wait",
  .enabled(
    if: Threads.processors > 1 && TestEnvironment.has("taskset"),
    "needs two processors and taskset"))
struct SpinWaitTests {
  /// The list of a thread's processors, and the list that it had before.
  private struct Pinning {
    private let thread: String
    private let before: String

    /// Pins the calling thread.
    init(_ processors: String) throws {
      var bytes = [UInt8](repeating: 0, count: 64)
      // The result is PID/task/TID.
      let count = unsafe readlink("/proc/thread-self", &bytes, bytes.count)
      let path = String(decoding: bytes.prefix(max(0, count)), as: UTF8.self)
      thread = try #require(path.split(separator: "/").last.map { String($0) })
      before = try Self.processors(of: thread)
      try pin(processors)
    }

    func restore() throws { try pin(before) }

    private func pin(_ processors: String) throws {
      let command = "exec taskset -pc \(processors) \(thread) >/dev/null"
      #expect(try Child(["sh", "-c", command]).wait() == 0)
    }

    /// The field Cpus_allowed_list of a thread.
    static func processors(of thread: String) throws -> String {
      let text = try FileSystem.contents(of: FilePath("/proc/\(thread)/status"))
      let lines = String(decoding: text, as: UTF8.self).split(separator: "\n")
      let line = try #require(lines.first { $0.hasPrefix("Cpus_allowed_list:") })
      return String(line.split(separator: "\t")[1])
    }
  }

  /// Whether an adaptive end whose thread is pinned to `own` spins if its peers are pinned to `theirs`.
  private func spins(_ own: String, _ theirs: [String?]) throws -> Bool {
    let peers = try theirs.map { try $0.map { try Child(["taskset", "-c", $0, "sleep", "60"]) } }
    defer {
      for peer in peers {
        peer?.send(SIGKILL)
        _ = try? peer?.wait()
      }
    }
    for (peer, processors) in zip(peers, theirs) {
      guard let peer else { continue }
      try #require(eventually { try Pinning.processors(of: "\(peer.identifier)") == processors })
    }
    let pinning = try Pinning(own)
    var spin = SpinWait(StreamOptions(), peers: peers.map { $0?.identifier ?? 0 })
    spin.restart()
    let isSpinning = spin.goesOn()
    try pinning.restore()
    return isSpinning
  }

  @Test("an end that is pinned to one processor spins if its peer may run on another one")
  func pinned() throws {
    #expect(try spins("0", ["1"]))
    #expect(try spins("1", ["0-1"]))
    #expect(try spins("0-1", ["0"]))
    #expect(try spins("0", ["0", "1"]))
    // A process of another PID namespace may use any processor.
    #expect(try spins("0", [nil]))
  }

  @Test("an end does not spin if it shares its only processor with all peers")
  func shared() throws {
    #expect(try !spins("0", ["0"]))
    #expect(try !spins("1", ["1", "1"]))
  }
}
