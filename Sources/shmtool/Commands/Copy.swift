import ArgumentParser
import Glibc
import ShmCore

struct Copy: CheckedCommand {
  static let configuration = CommandConfiguration(
    commandName: "copy",
    abstract: "Copy bytes between regions, processes' memory, files and standard streams.",
    discussion: """
      FROM and TO are a REGION[@OFFSET], the memory of a process PID@0xADDRESS, file:PATH[@OFFSET] \
      (a device, too), or - for stdin and stdout. A name that ends in @ and a number is followed by \
      @0. A region does not grow; a file without @OFFSET ends where the copy does.

      --direct has the device work on the region's own pages, which are wired meanwhile, several \
      requests at once; the machine's cache of files stays as it is.

      A file that is written is on its device when the copy ends, unless it lies in memory. A file that \
      is read to its end must not change meanwhile.

      A copy that fails says how many bytes it has copied. To copy a process's memory takes what it \
      takes to trace it.

      Example: shmtool copy 1234@0x7f0000000000 cache --length 1M
               shmtool copy cache@4K file:part --length 64K --verify
               shmtool copy file:/dev/nvme0n1@1G cache --direct
      """)

  @Argument(
    help: "Where the bytes come from.", completion: CompletionDomain.copyEnd.kind,
    transform: CopyEndArgument.parse)
  var from: CopyEnd

  @Argument(
    help: "Where they go.", completion: CompletionDomain.copyEnd.kind,
    transform: CopyEndArgument.parse)
  var to: CopyEnd

  @Option(
    parsing: .unconditional,
    help: "How many bytes; if left out, all that FROM has, or what fills a region from memory.",
    transform: ByteSize.parse)
  var length: ByteSize?

  @Flag(help: "Read both ends again and compare them; ends with 1 where they differ.")
  var verify = false

  @Flag(help: "Past the page cache, between a region and a file or a device (O_DIRECT).")
  var direct = false

  @Flag(help: "Do not wait until a file or a device has the bytes on its medium.")
  var noSync = false

  @Flag(help: "Go on even if it exceeds memory or a control group's limit.")
  var force = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    if length?.bytes == 0 { throw ValidationError("--length 0 is an empty range") }
    if verify, from.isStandard || to.isStandard {
      throw ValidationError("--verify reads both ends again, and - gives its bytes once")
    }
  }

  func run() throws {
    if to.isStandard, StandardStreams.isTerminal(STDOUT_FILENO) {
      throw ShmError(
        .usage, "cannot copy \(from.quoted) to '-'", "raw bytes would disturb the terminal",
        remedy: "send them into a pipe")
    }
    var copy = try open()
    if verify { try copy.checkVerifiable() }
    let line = ProgressLine(total: copy.length, options)
    do throws(ShmError) {
      try copy.run(progress: line.update)
    } catch {
      try tell(CopyReport(copy, failure: error, nanoseconds: line.finish()))
      throw error
    }
    let time = line.finish()
    let difference = verify ? try copy.verify() : nil
    let report = CopyReport(
      copy, isVerified: verify, difference: difference, nanoseconds: time)
    try tell(report)
    if difference != nil { throw ExitCode(1) }
  }

  /// A file is not a region. Who meant the file is told how it is written.
  private func open() throws(ShmError) -> BlockCopy {
    do {
      return try BlockCopy(
        from: from, to: to, length: length?.bytes, isDirect: direct, isSynchronized: !noSync,
        mayExceedMemory: force)
    } catch {
      guard error.code == .corrupt, case .region(let reference, _) = to,
        case .file = reference, (try? Region.open(reference)) == nil,
        (try? Region.open(reference, access: .readOnly)) != nil
      else { throw error }
      throw ShmError(
        error.code, error.attempt, error.reason,
        remedy: "to write an ordinary file, name it by file:PATH",
        errorNumber: error.errorNumber)
    }
  }

  /// Where stdout takes the bytes, the report goes beside it. Of a failure the sentence is enough, but
  /// for a program that reads JSON.
  private func tell(_ report: CopyReport) throws(ShmError) {
    if !report.complete, !options.json { return }
    if options.json, to.isStandard {
      try Output.write(report, json: true, to: STDERR_FILENO)
    } else {
      try Output.write(report, options)
    }
  }
}
