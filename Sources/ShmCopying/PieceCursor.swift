import CShm
import ShmCore

/// A place in pieces of another process's memory, which are copied one after the other.
struct PieceCursor {
  private let pieces: [Range<UInt64>]
  private var index = 0
  /// How many bytes of the piece at `index` are done.
  private var offset: UInt64 = 0

  init(_ pieces: [Range<UInt64>]) {
    self.pieces = pieces.filter { !$0.isEmpty }
  }

  /// The next byte; after the last piece, its end.
  var address: UInt64 {
    guard index < pieces.count else { return pieces.last?.upperBound ?? 0 }
    return pieces[index].lowerBound + offset
  }

  /// How many bytes the next page and the next piece have from here on.
  var bytesToPageEnd: Int {
    guard index < pieces.count else { return 0 }
    let page = PageMath.bytesToPageEnd(UInt(address))
    return Int(clamping: min(UInt64(page), pieces[index].upperBound - address))
  }

  /// The next pieces for one call, with `limit` bytes at the most.
  func batch(of limit: Int) -> (pieces: [cshm_piece], bytes: Int) {
    var batch: [cshm_piece] = []
    var bytes = 0
    var (index, offset) = (index, offset)
    while index < pieces.count, bytes < limit, batch.count < ProcessCalls.maximumPieces {
      let start = pieces[index].lowerBound + offset
      let length = min(Int(clamping: pieces[index].upperBound - start), limit - bytes)
      batch.append(cshm_piece(address: start, length: UInt64(length)))
      bytes += length
      (index, offset) = (index + 1, 0)
    }
    return (batch, bytes)
  }

  /// Advances by `count` bytes, which must be within the pieces.
  mutating func advance(by count: Int) {
    var rest = UInt64(count)
    while rest > 0, index < pieces.count {
      let left = pieces[index].upperBound - address
      if rest < left {
        offset += rest
        return
      }
      rest -= left
      (index, offset) = (index + 1, 0)
    }
  }
}
