import ArgumentParser
import Glibc
import ShmCopying
import ShmCore

struct Copy: CheckedCommand {
  static let configuration = CommandConfiguration(
    subcommand: "copy",
    abstract: "Copy between regions, process memory and files",
    usage: "shmtool copy [OPTIONS] FROM TO",
    discussion: """
      FROM and TO are each one of:
        REGION[@OFFSET]     a region; write NAME@0 if NAME ends in @ and a number
        PID@0xADDRESS       the memory of a process
        file:PATH[@OFFSET]  a file or a device
        -                   stdin or stdout

      A region does not grow. copy truncates a file without @OFFSET to the length of the copy. It \
      syncs the written file or device before it exits. A file that is read to its end must not \
      change during the copy. If a copy fails, it reports the number of copied bytes. Holes \
      stay holes and use no memory. If a hole replaces existing data, copy writes zeros.

      --direct uses direct I/O (O_DIRECT) between a region and a file or device, bypassing the \
      page cache. Several requests run in parallel. They transfer directly to and from the pages \
      of the region, which are wired during the copy. Holes are written as zeros.

      Copying the memory of a process requires permission to ptrace it.
      """)

  static let examples = [
    "shmtool copy 1234@0x7f0000000000 cache --length 1M",
    "shmtool copy cache@4K file:part --length 64K --verify",
    "shmtool copy file:/dev/nvme0n1@1G cache --direct",
  ]

  @Argument(
    help: ArgumentHelp("Source", valueName: "FROM"), completion: CompletionDomain.copyEnd.kind,
    transform: CopyEndArgument.parse)
  var from: CopyEnd

  @Argument(
    help: ArgumentHelp("Destination", valueName: "TO"), completion: CompletionDomain.copyEnd.kind,
    transform: CopyEndArgument.parse)
  var to: CopyEnd

  @Option(
    parsing: .unconditional,
    help: ArgumentHelp(
      "Number of bytes (default: to the end of FROM; from process memory: to the end of TO)",
      valueName: "SIZE"),
    transform: ByteSize.parse)
  var length: ByteSize?

  @Flag(help: "Read both ends again and compare them; exit with 1 if they differ")
  var verify = false

  @Flag(help: "Use direct I/O between a region and a file or device")
  var direct = false

  @Flag(help: "Do not sync a written file or device")
  var noSync = false

  @Flag(name: .shortAndLong, help: "Proceed if memory or a control group has no room")
  var force = false

  @OptionGroup var options: ActionOptions

  func check() throws {
    if length?.bytes == 0 { throw ValidationError("--length must be at least 1 byte") }
    if verify, from.isStandard || to.isStandard {
      throw ValidationError("--verify cannot be used with -, which cannot be read again")
    }
  }

  func run() throws {
    if to.isStandard, StandardStreams.isTerminal(STDOUT_FILENO) {
      throw ShmError(
        .usage, "cannot copy \(from.quoted) to '-'", "raw bytes would disturb the terminal",
        remedy: "write to a pipe or to file:PATH")
    }
    var copy = try open()
    if verify { try copy.checkVerifiable() }
    if from.isStandard { WaitNotice.readingTerminal(isQuiet: options.quiet) }
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
    if difference != nil { throw report.difference }
  }

  /// Opens both ends. If TO is an ordinary file, or a path without a file, the error says how a file is named.
  private func open() throws(ShmError) -> BlockCopy {
    do {
      return try BlockCopy(
        from: from, to: to, length: length?.bytes, isDirect: direct, isSynchronized: !noSync,
        mayExceedMemory: force)
    } catch {
      guard case .region(let reference, _) = to, case .file = reference else { throw error }
      let isMissing = error.kind == .notFound && error.attempt.hasSuffix(reference.quoted)
      let isOrdinary =
        error.kind == .notSharedMemory && (try? Region.open(reference)) == nil
        && (try? Region.open(reference, access: .readOnly)) != nil
      guard isMissing || isOrdinary else { throw error }
      throw ShmError(
        error.kind, error.attempt, error.reason,
        remedy: "to write an ordinary file, use file:PATH",
        errorNumber: error.errorNumber)
    }
  }

  /// If the bytes go to stdout, the report goes to stderr. For a failure the message is enough, except
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
