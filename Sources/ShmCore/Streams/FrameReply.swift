import CShm
import Glibc

/// The acknowledgement of a framed stream, read from a descriptor as it comes.
struct FrameReply: Sendable {
  /// The number of the descriptor; it stays the caller's.
  let descriptor: CInt
  /// How the far end has ended; nil before it has said so.
  private(set) var outcome: Outcome?
  private let identifier: UInt64
  private var decoder: FrameDecoder?
  private var bytes: [UInt8] = []
  private var wanted = Frame.preambleSize
  private var isText = false

  enum Outcome: Hashable {
    /// Every receiver there has delivered everything.
    case complete(Frame.End)
    /// It has given up, and says why.
    case abort(String)
    /// Its output has ended without a word.
    case silence
    /// It wrote something else.
    case nonsense(String)
  }

  /// - Parameters:
  ///   - descriptor: where it is read from.
  ///   - identifier: the number of the framed stream.
  init(_ descriptor: CInt, of identifier: UInt64) {
    self.descriptor = descriptor
    self.identifier = identifier
  }

  /// Reads what is there; to be called if the descriptor is readable. read(2)
  mutating func read() {
    var buffer = [UInt8](repeating: 0, count: wanted - bytes.count)
    let count = unsafe Glibc.read(descriptor, &buffer, buffer.count)
    if count < 0 {
      if errno != EINTR && errno != EAGAIN { outcome = .silence }
    } else if count == 0 && !buffer.isEmpty {
      outcome = .silence
    } else {
      bytes += buffer[..<count]
      if bytes.count == wanted { take() }
    }
  }

  private mutating func take() {
    do throws(FrameFault) {
      if decoder == nil {
        let decoder = try FrameDecoder(bytes, .acknowledgement)
        guard decoder.preamble.identifier == identifier else {
          throw FrameFault("belongs to another stream")
        }
        self.decoder = decoder
        wanted = Frame.headerSize
      } else if isText {
        outcome = try .abort(decoder?.reason(bytes) ?? "")
      } else {
        switch try decoder?.next(bytes) {
        case .end(let end): outcome = .complete(end)
        case .text(let length):
          isText = true
          wanted = length
        case .data, nil: throw FrameFault("has data in an acknowledgement")
        }
      }
      bytes = []
      // An empty text has come already.
      if wanted == 0, outcome == nil { take() }
    } catch {
      outcome = .nonsense(error.reason)
    }
  }
}
