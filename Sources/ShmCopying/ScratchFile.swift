import Glibc
import ShmCore
import SystemPackage

/// Memory of this process that is an open file as well, so that the kernel copies out of it by
/// pread(2): into a page that was truncated away that is an error and not a signal, and it is less
/// work than process_vm_writev(2), which pins every page of its target. Where no such file can be
/// had (RLIMIT_FSIZE, RLIMIT_NOFILE) it is ordinary memory, and that other call copies.
@safe struct ScratchFile: ~Copyable {
  /// Kept for its end.
  private let file: Region?
  private let raw: CInt?
  private let pages: OwnedPages

  /// - Throws: `ShmError`: `noSpace`.
  init(size: Int = ScratchBuffer.defaultSize) throws(ShmError) {
    var owner: Region?
    var number: CInt?
    if let made = try? Region.anonymous("shmtool-scratch", size: size) {
      number = made.descriptor.raw
      owner = consume made
    }
    let raw = number
    let attempt = "cannot set up a buffer"
    let pages: OwnedPages
    do {
      let base = try unsafe MemoryCalls.map(
        at: nil, length: size, protection: PROT_READ | PROT_WRITE,
        flags: raw == nil ? MAP_PRIVATE | MAP_ANONYMOUS : MAP_SHARED, descriptor: raw ?? -1,
        offset: 0)
      pages = unsafe OwnedPages(adopting: base, length: size)
    } catch {
      throw Allocation.refusal(size, attempt, error)
    }
    self.raw = raw
    file = consume owner
    self.pages = pages
  }

  /// How many bytes it holds.
  var count: Int { pages.length }

  /// The first `count` bytes.
  func prefix(_ count: Int) -> UnsafeMutableRawBufferPointer {
    unsafe UnsafeMutableRawBufferPointer(rebasing: pages.buffer[..<count])
  }

  /// Copies its bytes from `offset` to `target`, and returns their number.
  func copy(from offset: Int, to target: UnsafeMutableRawBufferPointer) throws(Errno) -> Int {
    guard let raw else {
      guard let address = target.baseAddress else { return 0 }
      return try unsafe MemoryCalls.copy(
        UnsafeRawBufferPointer(rebasing: pages.buffer[offset..<offset + target.count]),
        to: address)
    }
    return try SystemCall.check {
      unsafe pread(raw, target.baseAddress, target.count, off_t(offset))
    }
  }
}
