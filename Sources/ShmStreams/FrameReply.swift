import CShm
import Glibc

/// The acknowledgement of a framed stream, read from a descriptor as it comes.
struct FrameReply: Sendable {
  /// The number of the descriptor; it stays the caller's.
  let descriptor: CInt
  /// How the far end has ended; nil before.
  private(set) var outcome: Outcome?
  /// The bytes that were read so far.
  private(set) var count = 0
  private let identifier: UInt64
  private var decoder: FrameDecoder?
  private var bytes: [UInt8] = []
  private var wanted = Frame.preambleSize
  private var part = Part.header

  /// The expected item in `bytes`, after the preamble.
  private enum Part {
    case header
    case text
    case skipped
  }

  enum Outcome: Hashable {
    /// Every receiver there has delivered every byte.
    case complete(Frame.End)
    /// The far end has aborted; the reason.
    case abort(String)
    /// Its output ended before an acknowledgement.
    case endOfInput
    /// Its output is not an acknowledgement; why not.
    case invalid(String)
  }

  /// - Parameters:
  ///   - descriptor: the descriptor to read.
  ///   - identifier: the number of the framed stream.
  init(_ descriptor: CInt, of identifier: UInt64) {
    self.descriptor = descriptor
    self.identifier = identifier
  }

  /// Reads the available bytes. Call it if the descriptor is readable. read(2)
  mutating func read() {
    var buffer = [UInt8](repeating: 0, count: wanted - bytes.count)
    let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
    if count < 0 {
      if errno != EINTR && errno != EAGAIN { outcome = .endOfInput }
    } else if count == 0 && !buffer.isEmpty {
      outcome = .endOfInput
    } else {
      self.count += count
      bytes += buffer[..<count]
      if bytes.count == wanted { take() }
    }
  }

  private mutating func take() {
    do throws(FrameFault) {
      if decoder == nil {
        let decoder = try FrameDecoder(bytes, .acknowledgement)
        guard decoder.preamble.identifier == identifier else {
          throw FrameFault("is the acknowledgement of another stream")
        }
        self.decoder = decoder
        wanted = Frame.headerSize
      } else if part == .text {
        outcome = try .abort(decoder?.reason(bytes) ?? "")
      } else if part == .skipped {
        (part, wanted) = (.header, Frame.headerSize)
      } else {
        switch try decoder?.next(bytes) {
        case .end(let end): outcome = .complete(end)
        case .text(let length):
          (part, wanted) = (.text, length)
        case .skipped(let length):
          (part, wanted) = (.skipped, length)
        case .data, nil: throw FrameFault("has data in an acknowledgement")
        }
      }
      bytes = []
      // An empty text is complete at once.
      if wanted == 0, outcome == nil { take() }
    } catch {
      outcome = .invalid(error.reason)
    }
  }
}
