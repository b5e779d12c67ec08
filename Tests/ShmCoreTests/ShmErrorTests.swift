import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Errors")
struct ShmErrorTests {
  @Test("an error is one sentence: the operation, the reason, and the remedy")
  func sentence() {
    #expect(ShmError(.usage, "cannot a", "b").description == "cannot a: b")
    #expect(ShmError(.usage, "cannot a", "b", remedy: "c").description == "cannot a: b; c")
  }

  @Test(
    "each errno has its kind of error",
    arguments: [
      (Errno.noSuchFileOrDirectory, ShmError.Kind.notFound), (.noSuchProcess, .notFound),
      (.noSuchAddressOrDevice, .notFound), (.fileExists, .exists),
      (.permissionDenied, .notPermitted), (.notPermitted, .notPermitted),
      (.readOnlyFileSystem, .notPermitted), (.noSpace, .noSpace), (.noMemory, .noSpace),
      (.diskQuotaExceeded, .noSpace), (.ioError, .inputOutput), (.brokenPipe, .inputOutput),
      (.fileTooLarge, .inputOutput), (.badAddress, .inputOutput), (.resourceBusy, .busy),
      (.textFileBusy, .busy), (.resourceTemporarilyUnavailable, .busy),
      (.badFileDescriptor, .system), (.invalidArgument, .system), (.tooManyOpenFiles, .system),
      (.noFunction, .system),
    ])
  func table(_ number: Errno, _ code: ShmError.Kind) {
    let error = ShmError("cannot try", number)
    #expect(error.kind == code)
    #expect(error.errorNumber == number.rawValue)
    #expect(error.attempt == "cannot try")
    #expect(error.reason == number.reason)
  }

  @Test("every errno from 1 to 200 has a message of one line")
  func everyNumber() {
    for number in Int32(1)...200 {
      let error = ShmError("cannot try", Errno(rawValue: number))
      #expect(error.description.hasPrefix("cannot try: "))
      #expect(error.description.count > "cannot try: ".count)
      #expect(!error.description.contains("\n"))
    }
  }

  @Test("reasons are in lower case, except abbreviations")
  func reasons() {
    #expect(Errno.permissionDenied.reason == "permission denied")
    #expect(Errno.noSpace.reason == "no space left on device")
  }

  @Test("an error about the limit on open files names the command that raises the limit")
  func remedies() {
    #expect(ShmError("a", .tooManyOpenFiles).description.contains("RLIMIT_NOFILE"))
    #expect(ShmError("a", .tooManyOpenFiles, remedy: "else").remedy == "else")
    // Only a known limit appears with its figure.
    var limit = rlimit()
    let isLimited =
      unsafe getrlimit(__rlimit_resource_t(1), &limit) == 0 && limit.rlim_cur != .max
    #expect(ShmError("a", .fileTooLarge).description.contains("RLIMIT_FSIZE") == isLimited)
    #expect(ShmError("a", .ioError).remedy == nil)
  }
}
