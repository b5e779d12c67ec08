import Glibc
import SystemPackage

/// The kernel's flags of physical frames, which only root may read.
/// The kernel's document admin-guide/mm/pagemap
package struct FrameTable: ~Copyable, Sendable {
  private let file: OwnedDescriptor
  /// How many frames a huge page of the processor has.
  private let framesOfHugePage: UInt64
  /// The last result of `isHuge`, because the frames of a huge page are queried one after the other.
  private var last: (block: UInt64, isHuge: Bool)?

  /// nil without permission to see frames or their flags.
  package init?() {
    guard Self.mayBeSeen,
      let file = try? FileSystem.open("/proc/kpageflags", O_RDONLY)
    else { return nil }
    self.file = file
    let size = (try? FileSystem.contents(of: "/sys/kernel/mm/transparent_hugepage/hpage_pmd_size"))
      .flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) }
    framesOfHugePage = UInt64(max(1, (size ?? 2 << 20) / PageMath.pageSize))
  }

  /// Whether frames and their flags may be seen.
  package static var isVisible: Bool {
    switch FrameTable() {
    case .some: true
    case nil: false
    }
  }

  /// Whether this process has permission to see frame numbers: CAP_SYS_ADMIN in the first user namespace.
  /// proc_pid_pagemap(5)
  package static var mayBeSeen: Bool {
    guard (try? FileSystem.link("/proc/self/ns/user"))?.string == "user:[4026531837]",
      let text = try? FileSystem.contents(of: "/proc/self/status")
    else { return false }
    return ProcessStatus(parsing: text).hasEffective(.sysAdmin)
  }

  /// The flags of frames that follow one another; fewer if the table ends.
  package func flags(of first: UInt64, count: Int) -> [FrameFlags] {
    file.words(from: first, count: count).map { FrameFlags($0) }
  }

  /// Whether a frame is part of a huge page of the processor.
  package mutating func isHuge(_ frame: UInt64, _ flags: FrameFlags) -> Bool {
    if flags.isHugetlb { return true }
    guard flags.isCompound else { return false }
    let block = frame / framesOfHugePage
    if let last, last.block == block { return last.isHuge }
    let all = self.flags(of: block * framesOfHugePage, count: Int(framesOfHugePage))
    let isHuge =
      all.count == Int(framesOfHugePage) && all[0].isHead && all.dropFirst().allSatisfy(\.isTail)
    last = (block, isHuge)
    return isHuge
  }
}

extension OwnedDescriptor {
  /// 64-bit numbers of a table in native byte order; fewer at its end or without permission. pread(2)
  package func words(from index: UInt64, count: Int) -> [UInt64] {
    guard let offset = Int(exactly: index), offset < Int.max / 8 - count,
      (try? Allocation.require(count * 8)) != nil
    else { return [] }
    var words = [UInt64](repeating: 0, count: count)
    var done = 0
    while done < count {
      let read = try? unsafe words.withUnsafeMutableBufferPointer { (words) throws(Errno) -> Int in
        try unsafe self.read(
          into: UnsafeMutableRawBufferPointer(
            UnsafeMutableBufferPointer(rebasing: words[done...])),
          at: (offset + done) * 8)
      }
      guard let read, read >= 8 else { break }
      done += read / 8
    }
    words.removeLast(count - done)
    return words
  }
}
