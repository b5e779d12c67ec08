import ArgumentParser
import Glibc
import ShmCopying
import ShmCore
import ShmStreams
import SystemPackage

extension Send {
  /// Whether an acknowledgement is written: raw bytes would disturb a terminal.
  var acknowledges: Bool { !StandardStreams.isTerminal(STDOUT_FILENO) }

  /// Sends the data of a framed stream from FILE, standard input or CMD, and acknowledges it.
  func sendFramed(at place: Rendezvous, _ options: StreamOptions) throws -> StreamReport {
    if acknowledges {
      try DescriptorIO.checkWritable(STDOUT_FILENO, "cannot write the acknowledgement")
    } else if !stream.quiet {
      Output.say("standard output is a terminal, so no acknowledgement is written\n")
    }
    guard command.isEmpty else { return try produceFramed(at: place, options) }
    let source = try InputSource(file ?? "-", waitsForWriter: false)
    var input = try FramedInput(
      from: FileDescriptor(rawValue: source.rawDescriptor), named: source.name, options: options)
    return try transfer(&input, at: place, options) { _ in }
  }

  private func produceFramed(at place: Rendezvous, _ options: StreamOptions) throws -> StreamReport
  {
    let producer = try PipedCommand(command, .producer, adoptsOrphans: true)
    let name = "the output of \(Escaping.quoted(command[0]))"
    do {
      var input = try FramedInput(
        from: FileDescriptor(rawValue: producer.descriptor), named: name, options: options)
      return try transfer(&input, at: place, options) { sender in
        // CMD may fail after it has written the end record.
        try sender.wait(for: FileDescriptor(rawValue: producer.ended))
        if let end = producer.result, end.status != 0 { throw failure(end, &sender) }
      }
    } catch {
      producer.cancel()
      throw error
    }
  }

  private func transfer(
    _ input: inout FramedInput, at place: Rendezvous, _ options: StreamOptions,
    atEnd: (inout StreamSender) throws -> Void
  ) throws -> StreamReport {
    var options = options
    if options.expectedBytes == nil { options.expectedBytes = input.expectedBytes }
    // The near end is already waiting, and no byte moves before all receivers have connected.
    if options.meetingTimeout == nil { options.meetingTimeout = options.stallTimeout }
    let report: StreamReport
    do {
      var sender = try meet(at: place, options)
      let line = progressLine(options)
      try sender.sendFramed(from: &input, progress: line.update)
      try atEnd(&sender)
      report = try sender.finish()
      _ = line.finish()
    } catch {
      let reason = (error as? ShmError)?.reason ?? "the producer has failed"
      if acknowledges { input.refuse(reason: reason, to: .standardOutput) }
      throw error
    }
    if acknowledges { try input.acknowledge(to: .standardOutput) }
    return report
  }
}
