import CShm
import Glibc
package import SystemPackage

/// A range of this process's addresses, backed by a region.
///
/// Unmapped when the owner ends; wired pages are unwired with it.
///
/// ```swift
/// let region = try Region.open(RegionReference("cache"))
/// var mapping = try Mapping(of: region, protection: .readOnly)
/// try mapping.wire()                 // every page in RAM, and checked
/// ```
public struct Mapping: ~Copyable, Sendable {
  /// The visibility of stores.
  public enum Sharing: String, Sendable {
    /// All processes that map the region.
    case shared
    /// Only this process: a changed page becomes a private copy (copy-on-write).
    case `private`
  }

  /// The access through the mapping.
  public enum Protection: String, Sendable {
    /// Loads.
    case readOnly = "read-only"
    /// Loads and stores.
    case readWrite = "read-write"
  }

  /// The addresses, in whole pages.
  let pages: OwnedPages
  /// The mapped bytes of the region. The mapping extends to the end of the last page.
  public let range: Range<Int>
  /// The visibility of stores.
  public let sharing: Sharing
  /// The access through the mapping.
  public let protection: Protection
  /// The size of its pages in bytes.
  public let pageSize: Int
  /// A descriptor of the mapped file, kept for the diagnosis of failures.
  package let descriptor: OwnedDescriptor
  /// The device of the region's file system.
  let device: UInt64
  /// The name of the region, for messages.
  let subject: String
  /// The wired parts of the mapping, as offsets into it, in whole pages.
  var wiredRanges = RangeSet<Int>()

  /// Maps a region, or a part of it. mmap(2)
  ///
  /// - Parameters:
  ///   - region: the region. It can be closed afterwards; the mapping keeps its pages.
  ///   - range: the bytes; nil for all. It must begin at a multiple of the page size.
  ///   - sharing: the visibility of stores.
  ///   - protection: the access through the mapping.
  ///   - address: the first address; the range there must be free. nil lets the kernel choose.
  /// - Throws: `ShmError`:
  ///   - `usage` for an empty range or a negative start,
  ///   - `doesNotFit` if the range does not begin at a multiple of the page size, or if the region is empty,
  ///   - `inputOutput` if the range is beyond the end,
  ///   - `busy` if another mapping overlaps,
  ///   - `notPermitted` if the region is not open for that access,
  ///   - `noSpace` if a limit on address space refuses.
  /// - Complexity: constant. The kernel maps a page when it is touched.
  public init(
    of region: borrowing Region, range: Range<Int>? = nil, sharing: Sharing = .shared,
    protection: Protection = .readWrite, at address: UInt? = nil
  ) throws(ShmError) {
    let attempt = "cannot map \(region.quoted)"
    let status = try region.status()
    let range = range ?? 0..<status.size
    try Self.check(range, of: status, attempt)
    guard let length = PageMath.roundUp(range.count, to: status.pageSize) else {
      throw ShmError(.usage, attempt, "\(range.count) bytes exceed the address space")
    }
    var flags = sharing == .shared ? MAP_SHARED : MAP_PRIVATE
    if address != nil { flags |= cshm_MAP_FIXED_NOREPLACE }
    let prot = protection == .readOnly ? PROT_READ : PROT_READ | PROT_WRITE
    let descriptor = region.descriptor.raw
    let kept: OwnedDescriptor
    do { kept = try region.descriptor.duplicate() } catch { throw ShmError(attempt, error) }
    let pages: OwnedPages
    do {
      let base = try unsafe MemoryCalls.map(
        at: address.flatMap { unsafe UnsafeMutableRawPointer(bitPattern: $0) }, length: length,
        protection: prot, flags: flags, descriptor: descriptor, offset: range.lowerBound)
      pages = unsafe OwnedPages(adopting: base, length: length)
    } catch {
      throw Self.explain(
        error, attempt, length: length, pageSize: status.pageSize, address: address)
    }
    self.pages = pages
    self.descriptor = kept
    self.range = range
    self.sharing = sharing
    self.protection = protection
    pageSize = status.pageSize
    device = status.identity.device
    subject = region.quoted
  }

  /// Ends the mapping and reports errors of munmap(2).
  ///
  /// - Throws: `ShmError`: `noSpace` if the kernel has no memory to split a mapping.
  /// - Complexity: linear in the mapped pages.
  public consuming func unmap() throws(ShmError) {
    let attempt = "cannot unmap \(subject)"
    let pages = self.pages
    do {
      try pages.unmap()
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Its first address in this process. It is not valid in another process.
  public var address: UInt { pages.address }

  /// The bytes of the mapping: `range.count`, without the rest of the last page.
  public var count: Int { range.count }

  /// Calls a closure with a pointer to the mapped memory.
  ///
  /// Other processes can change the region at any time. If another process shrinks it, an access beyond the new end raises
  /// SIGBUS. Use this only for sealed regions, or if all users agree on the size.
  ///
  /// - Parameter body: the closure. The pointer is valid during the call only.
  /// - Returns: the result of the closure.
  /// - Throws: what the closure throws.
  public func withUnsafeMutableBytes<Result: ~Copyable, Failure: Error>(
    _ body: (UnsafeMutableRawBufferPointer) throws(Failure) -> Result
  ) throws(Failure) -> Result {
    try unsafe body(UnsafeMutableRawBufferPointer(rebasing: pages.buffer[..<range.count]))
  }

  private static func check(
    _ range: Range<Int>, of status: RegionStatus, _ attempt: String
  ) throws(ShmError) {
    if status.size == 0 { throw ShmError(.doesNotFit, attempt, "it is empty") }
    if range.isEmpty { throw ShmError(.usage, attempt, "the range is empty") }
    if range.lowerBound < 0 || range.lowerBound % status.pageSize != 0 {
      throw ShmError(
        range.lowerBound < 0 ? .usage : .doesNotFit, attempt,
        """
        offset \(range.lowerBound) is not a multiple of the page size, \
        \(ByteCount(status.pageSize))
        """)
    }
    if range.upperBound > status.size { throw status.endsBefore(range, attempt) }
  }

  /// Why `length` bytes could not be mapped. mmap(2)
  package static func explain(
    _ error: Errno, _ attempt: String, length: Int, pageSize: Int, address: UInt? = nil
  ) -> ShmError {
    let place = "0x\(String(address ?? 0, radix: 16))"
    switch error {
    case .invalidArgument where address.map { $0 % UInt(pageSize) != 0 } ?? false:
      return ShmError(
        .usage, attempt, "\(place) is not a multiple of the page size, \(ByteCount(pageSize))",
        errorNumber: error.rawValue)
    case .noMemory where address != nil && pageSize == PageMath.pageSize && isRoom(for: length):
      return ShmError(
        .usage, attempt, "\(ByteCount(length)) at \(place) exceeds the address space",
        errorNumber: error.rawValue)
    case .fileExists:
      return ShmError(
        .busy, attempt,
        "another mapping overlaps the \(ByteCount(length)) at \(place)",
        errorNumber: error.rawValue)
    case .permissionDenied:
      return ShmError(
        .notPermitted, attempt, "it is not open for the requested access",
        errorNumber: error.rawValue)
    case .notPermitted:
      return ShmError(
        .notPermitted, attempt, "a seal forbids writing, or the address is too low",
        errorNumber: error.rawValue)
    case .noMemory where pageSize != PageMath.pageSize:
      // The pages are promised by mmap(2), or it fails.
      return SpaceCheck.hugePages(ofSize: pageSize, wanted: length, attempt, error)
    case .noMemory:
      return ShmError(
        .noSpace, attempt,
        "\(ByteCount(length)) exceeds the limit of this process on address space or mappings",
        shortage: Errno.addressShortage(length) ?? Self.mappingShortage, errorNumber: error.rawValue
      )
    default: return ShmError(attempt, error)
    }
  }

  /// The limit on the number of mappings, twice as high. proc_sys_vm(5)
  private static var mappingShortage: LimitShortage {
    LimitShortage(
      .mappingCount, needed: KernelSettings.current().maximumMappings.map { $0 * 2 })
  }

  /// Whether that much address space is available elsewhere.
  private static func isRoom(for length: Int) -> Bool {
    guard
      let base = try? unsafe MemoryCalls.map(
        at: nil, length: length, protection: PROT_NONE,
        flags: MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE, descriptor: -1, offset: 0)
    else { return false }
    _ = unsafe OwnedPages(adopting: base, length: length)
    return true
  }
}
