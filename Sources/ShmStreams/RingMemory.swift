import CShm
import Glibc
import ShmCore
import SystemPackage

/// The memory of a ring, mapped: the header, and the bytes twice in a row, so that any part of them
/// up to the capacity lies in one piece, also across the end.
struct RingMemory: ~Copyable, Sendable {
  let geometry: RingGeometry
  let descriptor: OwnedDescriptor
  /// The owned pages; nil if another value owns them.
  private let pages: OwnedPages?
  private let base: UInt

  /// Makes a ring: reserved, sealed, its header written. memfd_create(2), fcntl(2)
  ///
  /// - Parameters:
  ///   - capacity: in bytes, a power of two.
  ///   - receivers: the number of receivers.
  ///   - pages: the kind of its pages.
  /// - Returns: the memory, for the sender.
  /// - Throws: `ShmError`: `usage`, `noSpace`.
  static func create(
    capacity: Int, receivers: Int, pages: Region.Pages = .ordinary
  ) throws(ShmError) -> RingMemory {
    let attempt = "cannot create a ring of \(ByteCount(capacity))"
    let pageSize =
      if case .huge(let size) = pages {
        try HugePageMount.pool(ofPageSize: size, attempt).pageSize
      } else {
        PageMath.pageSize
      }
    guard let geometry = RingGeometry(capacity: capacity, pageSize: pageSize) else {
      throw ShmError(
        .usage, attempt,
        """
        the capacity must be a power of two from \(ByteCount(RingGeometry.capacities.lowerBound)) to \
        \(ByteCount(RingGeometry.capacities.upperBound)), in whole pages
        """)
    }
    let region = try anonymous(geometry, pages, attempt)
    try region.add([.shrink, .grow, .seal])
    let descriptor: OwnedDescriptor
    do {
      descriptor = try region.descriptor.duplicate()
    } catch {
      throw ShmError(attempt, error)
    }
    let memory = try RingMemory(
      descriptor, geometry, pageSize: pageSize, mayWrite: true, attempt)
    memory.writeHeader(receivers: receivers)
    return memory
  }

  /// Wires all of the ring through another mapping of it.
  ///
  /// - Returns: the mapping, which keeps the ring in RAM.
  /// - Throws: `ShmError`: `limit` with the limit that refuses, `noSpace`.
  func wire(_ attempt: String) throws(ShmError) -> Mapping {
    let duplicate: OwnedDescriptor
    do {
      duplicate = try descriptor.duplicate()
    } catch {
      throw ShmError(attempt, error)
    }
    let region = Region(
      .descriptor(process: ProcessNumber.own, number: duplicate.raw), access: .readWrite,
      descriptor: duplicate)
    var mapping = try Mapping(of: region, protection: .readOnly)
    do {
      try mapping.wire()
    } catch {
      throw error.error("\(attempt) through a wired ring of \(ByteCount(geometry.size).exact)")
    }
    return mapping
  }

  private static func anonymous(
    _ geometry: RingGeometry, _ pages: Region.Pages, _ attempt: String
  ) throws(ShmError) -> Region {
    do throws(ShmError) {
      return try Region.anonymous("shmtool-ring", size: geometry.size, pages: pages)
    } catch {
      // A ring is always reserved, so the advice to do without reservation does not apply.
      guard error.errorNumber == ENOSYS || error.errorNumber == EOPNOTSUPP else { throw error }
      throw ShmError(error.kind, attempt, error.reason, errorNumber: error.errorNumber)
    }
  }

  /// Checks and maps a ring that a sender created: its seals, the announced size, the version. The header is not
  /// read again afterwards.
  ///
  /// - Throws: `ShmError` of kind `incompatible`.
  init(
    checking descriptor: consuming OwnedDescriptor, capacity: Int, dataOffset: Int, index: Int
  ) throws(ShmError) {
    let attempt = "cannot use the ring of the sender"
    func refuse(_ reason: String) -> ShmError { ShmError(.incompatible, attempt, reason) }
    // The sender chose the descriptor. A descriptor that cannot be inspected or mapped is an error of the sender.
    func explain(_ error: Errno) -> ShmError {
      switch error {
      case .badFileDescriptor, .invalidArgument:
        refuse("it is not a memfd that is open for reading and writing")
      case .permissionDenied, .notPermitted:
        refuse("it is read-only or sealed against writing")
      case .operationNotSupportedByDevice: refuse("it is not memory")
      default: ShmError(attempt, error)
      }
    }
    let status: stat
    let seals: Seals
    let pageSize: Int
    do throws(Errno) {
      status = try descriptor.status()
      seals = Seals(numbers: try descriptor.seals())
      pageSize = MemoryFileSystem(try descriptor.fileSystemStatus()).pageSize
    } catch {
      throw explain(error)
    }
    guard seals.isSuperset(of: [.shrink, .grow, .seal]) else {
      throw refuse("it is not sealed against shrinking, growing and further seals")
    }
    guard
      let geometry = RingGeometry(capacity: capacity, pageSize: pageSize),
      geometry.dataOffset == dataOffset, Int(status.st_size) == geometry.size
    else { throw refuse("its size differs from the announced size") }
    let memory = try RingMemory(
      descriptor, geometry, pageSize: pageSize, mayWrite: false, attempt, explain)
    let header = memory.header
    guard header.magic == CSHM_RING_MAGIC, header.version == CSHM_RING_VERSION else {
      throw refuse("it has another version")
    }
    guard header.capacity == UInt64(capacity), header.receivers <= UInt32(CSHM_RING_RECEIVERS),
      index < Int(header.receivers)
    else { throw refuse("its header differs from the announced values") }
    self = memory
  }

  private init(
    _ descriptor: consuming OwnedDescriptor, _ geometry: RingGeometry, pageSize: Int,
    mayWrite: Bool, _ attempt: String, _ explain: ((Errno) -> ShmError)? = nil
  ) throws(ShmError) {
    let raw = descriptor.raw
    // Reserves addresses first, so that the two views are adjacent, with one huge page more for the alignment.
    let length = geometry.size + geometry.capacity + pageSize
    let pages: OwnedPages
    do {
      pages = try unsafe OwnedPages(
        adopting: MemoryCalls.map(
          at: nil, length: length, protection: PROT_NONE,
          flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, descriptor: -1, offset: 0),
        length: length)
    } catch {
      throw ShmError(attempt, error)
    }
    let base = (pages.address + UInt(pageSize) - 1) & ~(UInt(pageSize) - 1)
    let data = geometry.dataOffset..<geometry.size
    let protection = mayWrite ? PROT_READ | PROT_WRITE : PROT_READ
    let views: [(range: Range<Int>, offset: Int, protection: CInt)] = [
      (0..<geometry.dataOffset, 0, PROT_READ | PROT_WRITE),
      (data, geometry.dataOffset, protection), (data, geometry.size, protection),
    ]
    do throws(Errno) {
      for view in views {
        // This is inside the address range that was reserved above, so no other mapping can be there.
        _ = try unsafe MemoryCalls.map(
          at: UnsafeMutableRawPointer(bitPattern: base + UInt(view.offset)),
          length: view.range.count, protection: view.protection, flags: MAP_SHARED | MAP_FIXED,
          descriptor: raw, offset: view.range.lowerBound)
      }
    } catch {
      throw explain?(error) ?? ShmError(attempt, error)
    }
    self.geometry = geometry
    self.descriptor = descriptor
    self.base = base
    self.pages = consume pages
  }

  /// The same mapping once more, for the other end in a thread of this process: ThreadSanitizer sees
  /// addresses, and not that two of them are one memory. This value must outlive it.
  init(aliasing memory: borrowing RingMemory) throws(ShmError) {
    do {
      descriptor = try memory.descriptor.duplicate()
    } catch {
      throw ShmError("cannot use a ring", error)
    }
    geometry = memory.geometry
    base = memory.base
    pages = nil
  }

  /// The bytes of `count` positions from `position` on, in one piece.
  func bytes(at position: UInt64, count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(
      start: start(at: position), count: min(count, geometry.capacity))
  }

  /// Where the byte at `position` is; as many bytes as the capacity follow it in one piece.
  @inline(__always)
  func start(at position: UInt64) -> UnsafeMutableRawPointer {
    let offset = Int(truncatingIfNeeded: position) & (geometry.capacity &- 1)
    return unsafe start + (geometry.dataOffset &+ offset)
  }

  /// A shared word of the header, valid as long as this value.
  func word(at offset: Int) -> SharedWord { unsafe SharedWord(start, at: offset) }

  private var start: UnsafeMutableRawPointer {
    // Mapped above, and not zero.
    unsafe UnsafeMutableRawPointer(bitPattern: base).unsafelyUnwrapped
  }

  private var header: cshm_ring { unsafe start.load(as: cshm_ring.self) }

  private func writeHeader(receivers: Int) {
    unsafe start.storeBytes(of: CSHM_RING_MAGIC, as: UInt64.self)
    unsafe start.storeBytes(of: CSHM_RING_VERSION, toByteOffset: 8, as: UInt32.self)
    unsafe start.storeBytes(of: UInt32(receivers), toByteOffset: 12, as: UInt32.self)
    unsafe start.storeBytes(of: UInt64(geometry.capacity), toByteOffset: 16, as: UInt64.self)
  }
}
