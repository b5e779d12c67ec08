import CShm
import Glibc
import SystemPackage

extension Region {
  /// Replaces ordinary pages of a region on tmpfs by transparent huge pages, as far as the kernel does it now. madvise(2),
  /// `MADV_COLLAPSE`, Linux 6.1
  ///
  /// Unlike huge pages of a pool, they are swapped out like other pages, and the kernel may split them again. Ordinary
  /// pages remain where less than a huge page is left, or where no contiguous memory is free.
  ///
  /// - Parameter progress: called with the number of bytes processed so far.
  /// - Returns: the number of bytes on huge pages after the call.
  /// - Throws: `ShmError`: `incompatible` if the kernel or the file system refuses, `noSpace` if a limit on address space
  ///   refuses, `interrupted`.
  /// - Complexity: linear in the size.
  public func collapse(progress: (Int) -> Void = { _ in }) throws(ShmError) -> Int {
    let attempt = "cannot collapse \(quoted) to huge pages"
    guard let page = TransparentHugePages.size else {
      throw ShmError(.incompatible, attempt, "the kernel does not support transparent huge pages")
    }
    let size = try status().size
    if size < page { return 0 }
    let pages: OwnedPages
    do {
      pages = try TransparentHugePages.map(descriptor.raw, length: size, alignedTo: page)
    } catch {
      throw ShmError(attempt, error)
    }
    var refusal: Errno?
    for offset in stride(from: 0, through: size - page, by: page) {
      progress(offset)
      try SignalMask.checkPending(attempt)
      let part = unsafe UnsafeMutableRawBufferPointer(
        rebasing: pages.buffer[offset..<offset + page])
      do throws(Errno) {
        try unsafe MemoryCalls.advise(part, cshm_MADV_COLLAPSE)
        // A load lets the kernel map the whole huge page, so that it counts below.
        _ = unsafe part.load(as: UInt8.self)
      } catch {
        refusal = error
        // ENOMEM concerns one huge page; EINVAL means that the kernel refuses all.
        if error == .invalidArgument { break }
      }
    }
    progress(size)
    if refusal == .invalidArgument {
      throw ShmError(
        .incompatible, attempt,
        """
        not supported by the kernel or the file system; requires Linux 6.1 and a value other than \
        'deny' in /sys/kernel/mm/transparent_hugepage/shmem_enabled
        """,
        errorNumber: Errno.invalidArgument.rawValue)
    }
    let text: [UInt8]
    do {
      text = try FileSystem.contents(of: "/proc/self/smaps")
    } catch {
      throw ShmError(attempt, error)
    }
    let address = pages.address
    return SmapsText.mappings(text).first { $0.map.addresses.lowerBound == address }?.huge ?? 0
  }
}

/// The settings of the kernel for transparent huge pages.
enum TransparentHugePages {
  /// The size of a transparent huge page in bytes; nil if the kernel does not support them.
  static var size: Int? {
    (try? FileSystem.contents(of: "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"))
      .flatMap { ProcText.decimal($0.prefix { $0 != UInt8(ascii: "\n") }) }
  }

  /// Maps a file so that offsets that are multiples of `page` lie at addresses that are. mmap(2)
  static func map(
    _ descriptor: CInt, length: Int, alignedTo page: Int
  ) throws(Errno) -> OwnedPages {
    let whole = PageMath.roundUp(length, to: PageMath.pageSize) ?? length
    // A reservation finds free addresses. The file is mapped over an aligned part of it.
    let flags = MAP_PRIVATE | MAP_ANONYMOUS | MAP_NORESERVE
    let base = try unsafe MemoryCalls.map(
      at: nil, length: whole + page, protection: PROT_NONE, flags: flags, descriptor: -1, offset: 0)
    let start = (UInt(bitPattern: base) + UInt(page) - 1) & ~(UInt(page) - 1)
    let lead = Int(start - UInt(bitPattern: base))
    let mapped = try unsafe MemoryCalls.map(
      at: base + lead, length: whole, protection: PROT_READ | PROT_WRITE,
      flags: MAP_SHARED | MAP_FIXED, descriptor: descriptor, offset: 0)
    let rest = page - lead
    if lead > 0 {
      try? unsafe MemoryCalls.unmap(UnsafeMutableRawBufferPointer(start: base, count: lead))
    }
    if rest > 0 {
      try? unsafe MemoryCalls.unmap(
        UnsafeMutableRawBufferPointer(start: mapped + whole, count: rest))
    }
    return unsafe OwnedPages(adopting: mapped, length: whole)
  }
}
