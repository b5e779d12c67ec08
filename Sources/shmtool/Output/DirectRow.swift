import ShmCore

/// How bytes went past the page cache.
struct DirectRow: Encodable {
  /// `threads`: each has one request under way.
  let by = "threads"
  let requests: Int
  let requestSize: Int
  let blockSize: Int
  /// Whether the device worked on the region's own pages; else on a buffer.
  let intoPages: Bool

  enum CodingKeys: CodingKey {
    case by, requests, requestSize, blockSize, intoPages
  }

  init(_ method: DirectIO.Method) {
    requests = method.requests
    requestSize = method.requestSize
    blockSize = method.blockSize
    intoPages = method.isIntoPages
  }

  /// The same for a person.
  var text: String {
    let requests =
      "\(requests) \(requests == 1 ? "request" : "requests") of \(ByteCount(requestSize))"
    return "direct, \(requests) at once by threads"
      + (intoPages ? "" : ", through a buffer: the offsets do not lie alike in a block")
  }
}
