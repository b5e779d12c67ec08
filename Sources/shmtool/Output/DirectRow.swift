import ShmCopying
import ShmCore

/// How direct I/O was done.
struct DirectRow: Encodable {
  /// `threads`: each thread has one request in flight.
  let by = "threads"
  let requests: Int
  let requestSize: Int
  let blockSize: Int
  /// Whether the device accessed the region's pages; otherwise a buffer.
  let intoPages: Bool

  enum CodingKeys: CodingKey {
    case by, requests, requestSize, blockSize, intoPages
  }

  /// - Parameters:
  ///   - method: how it was to be done.
  ///   - bytes: how many were moved; few take fewer requests.
  init(_ method: DirectIO.Method, copied bytes: Int) {
    requests = max(1, min(method.requests, (bytes + method.requestSize - 1) / method.requestSize))
    requestSize = method.requestSize
    blockSize = method.blockSize
    intoPages = method.isIntoPages
  }

  /// The same for a person.
  var text: String {
    let requests =
      requests == 1
      ? "in one request"
      : "\(requests) requests of up to \(ByteCount(requestSize)) at a time"
    return "direct, \(requests)"
      + (intoPages ? "" : ", through a buffer because the offsets are not aligned alike")
  }
}
