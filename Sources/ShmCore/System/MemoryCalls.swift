import CShm
import Glibc
package import SystemPackage

/// The system calls on ranges of this process's addresses.
package enum MemoryCalls {
  /// The size of a page in bytes: 4096 on x86-64, up to 65536 elsewhere. sysconf(3)
  package static let pageSize = Int(sysconf(CInt(_SC_PAGESIZE)))

  /// mmap(2). A mapping of a file is excluded from core dumps if `CoreDumps` requires it.
  package static func map(
    at address: UnsafeMutableRawPointer?, length: Int, protection: CInt, flags: CInt,
    descriptor: CInt, offset: Int
  ) throws(Errno) -> UnsafeMutableRawPointer {
    let base = try unsafe SystemCall.checkMapping {
      unsafe mmap(address, length, protection, flags, descriptor, off_t(offset))
    }
    if descriptor >= 0, protection != PROT_NONE {
      unsafe CoreDumps.apply(to: UnsafeMutableRawBufferPointer(start: base, count: length))
    }
    return unsafe base
  }

  /// munmap(2)
  package static func unmap(_ range: UnsafeMutableRawBufferPointer) throws(Errno) {
    try SystemCall.check { unsafe munmap(range.baseAddress, range.count) }
  }

  /// madvise(2)
  package static func advise(
    _ range: UnsafeMutableRawBufferPointer, _ advice: CInt
  ) throws(Errno) {
    try SystemCall.check { unsafe madvise(range.baseAddress, range.count, advice) }
  }

  /// Faults pages in. `MADV_POPULATE_READ` and `MADV_POPULATE_WRITE` of madvise(2), Linux 5.14. An older
  /// kernel does not know these: there one byte of each page is read, and of a private mapping for stores
  /// written back. Of a shared mapping to read is enough: a hole becomes a page by that as well.
  /// process_vm_readv(2)
  ///
  /// - Parameters:
  ///   - range: whole pages.
  ///   - pageSize: the size of one, in bytes.
  ///   - forStores: whether the mapping allows stores.
  ///   - isShared: whether it is shared.
  /// - Throws: `Errno`: `badAddress` if a page cannot be allocated.
  package static func populate(
    _ range: UnsafeMutableRawBufferPointer, pageSize: Int, forStores: Bool, isShared: Bool
  ) throws(Errno) {
    do throws(Errno) {
      try unsafe advise(range, forStores ? cshm_MADV_POPULATE_WRITE : cshm_MADV_POPULATE_READ)
    } catch .invalidArgument {
      try SystemCall.checkNegated {
        unsafe cshm_touch(range.baseAddress, range.count, pageSize, forStores && !isShared ? 1 : 0)
      }
    }
  }

  /// mlock(2)
  package static func lock(_ range: UnsafeMutableRawBufferPointer) throws(Errno) {
    try SystemCall.check { unsafe mlock(range.baseAddress, range.count) }
  }

  /// mlock2(2) with `MLOCK_ONFAULT`: pages are locked as they are touched.
  package static func lockOnFault(_ range: UnsafeMutableRawBufferPointer) throws(Errno) {
    try SystemCall.checkNegated {
      unsafe cshm_mlock2(range.baseAddress, range.count, cshm_MLOCK_ONFAULT)
    }
  }

  /// munlock(2)
  package static func unlock(_ range: UnsafeMutableRawBufferPointer) throws(Errno) {
    try SystemCall.check { unsafe munlock(range.baseAddress, range.count) }
  }

  /// One byte for each page, bit 0 set if the page is resident. mincore(2)
  package static func residency(
    of range: UnsafeMutableRawBufferPointer, into vector: UnsafeMutableBufferPointer<UInt8>
  ) throws(Errno) {
    try SystemCall.check {
      unsafe mincore(range.baseAddress, range.count, vector.baseAddress)
    }
  }

  /// Copies within this process by the kernel: a page that was truncated away under `destination`
  /// is `EFAULT`, not SIGBUS. Returns the bytes copied. process_vm_writev(2)
  package static func copy(
    _ source: UnsafeRawBufferPointer, to destination: UnsafeMutableRawPointer
  ) throws(Errno) -> Int {
    try SystemCall.checkNegated {
      unsafe cshm_copy_into_self(destination, source.baseAddress, source.count)
    }
  }
}
