import ArgumentParser
import ShmCore
import ShmStreams
import SystemPackage

extension Recv {
  /// Gives the framed form to CMD, and waits for the acknowledgement that CMD writes to its standard output.
  func consumeFramed(
    from receiver: inout StreamReceiver, _ line: ProgressLine
  ) throws -> StreamReport {
    let shown = Escaping.quoted(command[0])
    var consumer: PipedCommand
    do {
      consumer = try PipedCommand(command, .consumer, adoptsOrphans: true, answers: true)
    } catch {
      throw receiver.abortingDelivery(because: error)
    }
    do throws(ShmError) {
      try receiver.receiveFramed(
        to: FileDescriptor(rawValue: consumer.descriptor), named: "into \(shown)",
        acknowledgement: consumer.output.map { FileDescriptor(rawValue: $0) },
        progress: line.update)
      // A relay that compresses passes the last bytes on only at the end of its input.
      do { try consumer.closePipe() } catch { throw receiver.abortingDelivery(because: error) }
      try receiver.waitForAcknowledgement()
      try receiver.wait(for: FileDescriptor(rawValue: consumer.ended))
    } catch {
      let end = consumer.closeAndWait()
      // The far end treats an end of input without an end record as an abort, so CMD need not be killed first.
      consumer.cancel()
      guard receiver.lacksAcknowledgement, let end, end.status != 0 else { throw error }
      throw ShmError(
        error.kind, error.attempt, "\(error.reason); \(shown) \(end.sentence)",
        remedy: error.remedy)
    }
    let end = try consumer.finish()
    if end.status != 0 { throw failure(of: shown, end, &receiver) }
    return try receiver.finish()
  }

  /// Aborts the stream because CMD has failed, and passes its exit status on.
  func failure(
    of shown: String, _ end: CommandEnd, _ receiver: inout StreamReceiver
  ) -> ReportedFailure {
    receiver.abort(reason: "the consumer \(end.sentence)")
    Output.complain("cannot receive \(name.quoted): \(shown) \(end.sentence)")
    return .command(command[0], end)
  }
}
