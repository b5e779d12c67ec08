import Glibc
import Testing

@testable import shmtool

@Suite("the end of a command")
struct CommandEndTests {
  @Test(
    "a status and a signal differ in words, and agree in the exit status of a shell",
    arguments: [
      (0, 0, "exited with status 0"), (137, 137, "exited with status 137"),
      (255, 255, "exited with status 255"),
      (256 + SIGKILL, 137, "was killed by signal 9 (SIGKILL)"),
      (256 + SIGHUP, 129, "was killed by signal 1 (SIGHUP)"),
      (256 + 34, 162, "was killed by signal 34"),
    ] as [(CInt, CInt, String)])
  func words(_ code: CInt, _ status: CInt, _ sentence: String) {
    let end = CommandEnd(code: code)
    #expect(end.status == status && end.sentence == sentence)
  }
}
