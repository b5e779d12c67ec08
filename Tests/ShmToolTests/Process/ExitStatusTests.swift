import ShmCore
import Testing

@testable import shmtool

@Suite("Exit statuses")
struct ExitStatusTests {
  @Test(
    "each kind of error ends with its documented status",
    arguments: [
      (ShmError.Kind.checkFailed, 1), (.answerUnknown, 2), (.usage, 64), (.notSharedMemory, 65),
      (.incompatible, 65), (.damaged, 65), (.notFound, 66), (.peerDied, 69), (.defect, 70),
      (.system, 71), (.exists, 73), (.inputOutput, 74), (.busy, 75), (.aborted, 76),
      (.notPermitted, 77), (.limit, 78), (.noSpace, 79), (.timedOut, 124), (.cannotRun, 126),
      (.commandNotFound, 127), (.interrupted, 130), (ShmError.Kind("from a later version"), 71),
    ] as [(ShmError.Kind, Int32)])
  func statuses(_ kind: ShmError.Kind, _ status: Int32) {
    #expect(ExitStatus.of(kind) == status)
  }

  @Test("each kind of error has one row in the table")
  func rows() {
    let kinds = ExitStatus.table.flatMap(\.kinds)
    #expect(Set(kinds).count == kinds.count)
  }
}
