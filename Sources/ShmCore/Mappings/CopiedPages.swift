package import SystemPackage

/// The private copies of a private mapping: pages that the process has changed and the kernel has copied
/// (copy-on-write). proc_pid_pagemap(5)
package enum CopiedPages {
  /// Counts the pages that are the process's own, in RAM or swapped out. Nothing is brought in.
  ///
  /// - Parameters:
  ///   - map: the mapping, as /proc/PID/maps has it.
  ///   - process: whose it is.
  /// - Returns: the copied bytes, in whole pages. 0 for a shared mapping. nil if the process cannot be inspected.
  /// - Complexity: linear in the pages.
  package static func bytes(of map: ProcessMap, in process: Int32) -> Int? {
    if map.isShared { return 0 }
    return try? bytes(
      at: map.addresses, of: ProcessThreads.directory(of: process).appending("pagemap"))
  }

  /// The same for addresses, in whole pages, that a private mapping covers.
  package static func bytes(at addresses: Range<UInt64>, of path: FilePath) throws(Errno) -> Int {
    let pageSize = PageMath.pageSize
    let pagemap = try FileSystem.open(path, 0)
    var entries = [UInt64](repeating: 0, count: 8192)
    var next = Int(addresses.lowerBound) / pageSize
    let end = Int(addresses.upperBound) / pageSize
    var copied = 0
    while next < end {
      let count = min(entries.count, end - next)
      let read = try unsafe entries.withUnsafeMutableBufferPointer { (all) throws(Errno) in
        try unsafe pagemap.read(
          into: UnsafeMutableRawBufferPointer(UnsafeMutableBufferPointer(rebasing: all[..<count])),
          at: 8 * next)
      }
      // The end of the last page would overflow.
      if read < 8 { break }
      for entry in entries[..<(read / 8)] where isOwn(entry) { copied += 1 }
      next += read / 8
    }
    return copied * pageSize
  }

  /// Present or swapped, and neither a file's page nor a shared one.
  static func isOwn(_ entry: UInt64) -> Bool {
    let present: UInt64 = 1 << 63
    let swapped: UInt64 = 1 << 62
    let fileOrShared: UInt64 = 1 << 61
    return entry & (present | swapped) != 0 && entry & fileOrShared == 0
  }
}

extension ProcessMap {
  /// Counts the private copies of a private mapping: pages that the process has changed and the kernel has copied
  /// (copy-on-write). The call faults in no page. proc_pid_pagemap(5)
  ///
  /// ```swift
  /// import ShmCore
  /// import ShmInspection
  ///
  /// for mapping in try RegionInspection(RegionReference("cache")).mappings.mappings {
  ///   print(mapping.map.copiedBytes(in: mapping.process) ?? 0)
  /// }
  /// ```
  ///
  /// - Parameter process: the process that has the mapping.
  /// - Returns: the copied bytes, in whole pages, resident or swapped. 0 for a shared mapping. nil if the process
  ///   cannot be inspected.
  /// - Complexity: linear in the pages.
  public func copiedBytes(in process: Int32) -> Int? { CopiedPages.bytes(of: self, in: process) }
}

extension Mapping {
  /// How many bytes of a part of a private mapping are this process's own: pages that were changed
  /// through it, each of which the kernel has copied. The region keeps its bytes. proc_pid_pagemap(5)
  ///
  /// - Parameter part: offsets into the mapping, in bytes, taken outward to whole pages; nil for all
  ///   of it.
  /// - Returns: bytes in whole pages; 0 for a shared mapping.
  /// - Throws: `ShmError` if a sandbox does not permit the process to inspect itself.
  /// - Complexity: linear in the pages.
  public func copiedBytes(in part: Range<Int>? = nil) throws(ShmError) -> Int {
    guard sharing == .private else { return 0 }
    let part = PageMath.outward(part ?? 0..<count, to: pageSize).clamped(to: 0..<pages.length)
    let start = UInt64(address)
    do throws(Errno) {
      return try CopiedPages.bytes(
        at: start + UInt64(part.lowerBound)..<start + UInt64(part.upperBound),
        of: "/proc/self/pagemap")
    } catch {
      throw ShmError("cannot count the copied pages of \(subject)", error)
    }
  }
}
