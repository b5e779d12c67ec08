import Glibc
import ShmTestSupport
import Testing

@Suite("the model of the ring")
struct ModelTests {
  private static let model =
    #filePath.split(separator: "/").dropLast(3).map { "/" + $0 }.joined() + "/Model/ring.pml"

  @Test(
    "no wake-up is lost; a killed end leaves a correct prefix that is never complete",
    .enabled(
      if: TestEnvironment.has("spin") && TestEnvironment.has("cc"), "needs spin and a C compiler"),
    .enabled(if: unsafe access(ModelTests.model, R_OK) == 0, "needs the sources"))
  func holds() async throws {
    let result = try await Tool.shell(
      """
      set -euo pipefail
      work=$(mktemp -d); trap 'rm -rf "$work"' EXIT; cd "$work"
      spin -a '\(Self.model)' >/dev/null
      cc -O2 -w -o pan pan.c
      ./pan -E -m1000000 -noclaim
      ./pan -E -a -m1000000 -N whole
      """)
    #expect(result.code == 0, "\(result.error)")
    let clean = result.text.split(separator: "\n").filter { $0.contains("errors: 0") }
    #expect(
      clean.count == 2 && !result.text.contains("max search depth too small"), "\(result.text)")
  }
}
