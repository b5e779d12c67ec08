import Glibc
import ShmCore
import ShmStreams
import SystemPackage

/// Makes the end of one process from the descriptors that it has.
enum BenchLink {
  /// How long the two processes wait for each other.
  private static let timeout = Duration.seconds(20)

  /// - Parameters:
  ///   - part: what this process does.
  ///   - descriptors: those of its side of the channel.
  ///   - peer: the other process, and the address of its message.
  ///   - receivers: the receivers of a stream.
  ///   - interrupt: becomes readable when a signal comes; nil without signals.
  /// - Returns: the end, connected.
  /// - Throws: `ShmError` if the other process does not come.
  static func end(
    _ part: BenchPart, _ descriptors: [CInt], peer: (process: pid_t, address: UInt64) = (0, 0),
    receivers: Int = 1, interrupt: CInt? = nil
  ) throws(ShmError) -> any BenchEnd {
    switch part.role {
    case .hog: return try HogEnd()
    case .copier:
      let source = try region(BenchPeer.source)
      return LocalCopyEnd(source: try Mapping(of: source, protection: .readOnly))
    case .prober: return ProbeEnd(try Mapping(of: try region(descriptors.first ?? -1)))
    default: break
    }
    if part.method.waiting != nil {
      return try streamEnd(part, receivers: receivers, interrupt: interrupt)
    }
    func descriptor(_ index: Int) throws(ShmError) -> CInt {
      guard index < descriptors.count else {
        throw ShmError(.defect, BenchCall.attempt, "a descriptor is missing")
      }
      return descriptors[index]
    }
    func signals() throws(ShmError) -> SlotSignals {
      SlotSignals(input: try descriptor(0), output: try descriptor(1))
    }
    let isFirst = part.role == .asker
    switch part.method {
    case .messageQueue: return try QueueEnd(try descriptor(0), messageSize: part.largest)
    case .unix, .tcp: return ByteEnd(input: try descriptor(0), output: try descriptor(0))
    case .map:
      let mapping = try Mapping(of: try region(descriptor(2)))
      return MapEnd(try descriptor(2), mapping, try signals())
    case .processMemory:
      return ProcessMemoryEnd(peer: peer.process, address: peer.address, try signals())
    case .futex:
      return WordEnd(try Mapping(of: try region(descriptor(0))), isFirst: isFirst, .futex)
    case .eventfd:
      let events = [try descriptor(1), try descriptor(2)]
      return WordEnd(
        try Mapping(of: try region(descriptor(0))), isFirst: isFirst,
        .events(own: events[isFirst ? 0 : 1], peer: events[isFirst ? 1 : 0]))
    default: return ByteEnd(input: try descriptor(0), output: try descriptor(1))
    }
  }

  /// A region that this process has open.
  static func region(_ descriptor: CInt) throws(ShmError) -> Region {
    try Region.open(.descriptor(process: getpid(), number: descriptor))
  }

  private static func streamEnd(
    _ part: BenchPart, receivers: Int, interrupt: CInt?
  ) throws(ShmError) -> any BenchEnd {
    var options = StreamOptions(receivers: receivers)
    options.meetingTimeout = timeout
    options.waiting = part.method.waiting ?? .adaptive
    options.interrupt = interrupt.map { FileDescriptor(rawValue: $0) }
    func output(_ suffix: String) throws(ShmError) -> StreamOutputEnd {
      StreamOutputEnd(
        try StreamSender.meet(at: try place(part.stream + suffix), options: options))
    }
    func input(_ suffix: String) throws(ShmError) -> StreamInputEnd {
      StreamInputEnd(
        try StreamReceiver.meet(at: try place(part.stream + suffix), options: options),
        isCopying: part.method == .stream)
    }
    switch part.role {
    case .sender: return try output("")
    case .receiver: return try input("")
    case .asker:
      let output = try output(".there")
      return DuplexEnd(output: output, input: try input(".back"))
    case .echo:
      let input = try input(".there")
      return DuplexEnd(output: try output(".back"), input: input)
    case .copier, .prober, .hog: throw ShmError(.defect, BenchCall.attempt, "it has no stream")
    }
  }

  private static func place(_ text: String) throws(ShmError) -> Rendezvous {
    let path = FilePath(text)
    return try Rendezvous(
      RegionName(bytes: path.lastComponent?.bytes ?? []), directory: path.removingLastComponent())
  }
}
