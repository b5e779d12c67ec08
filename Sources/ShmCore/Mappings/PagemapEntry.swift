/// The kernel's information about one page of a process: eight bytes of /proc/PID/pagemap. proc_pid_pagemap(5)
package struct PagemapEntry: Hashable, Sendable {
  /// The bytes as they are in the file, in the machine's order.
  package let bits: UInt64

  package init(_ bits: UInt64) {
    self.bits = bits
  }

  /// Whether the page is in RAM and in the process's page table.
  package var isPresent: Bool { bits >> 63 & 1 != 0 }
  /// Whether it is the region's own page, and not a copy that a private mapping has made.
  package var isShared: Bool { bits >> 61 & 1 != 0 }
  /// The physical frame; nil if the page is not present, or without permission.
  package var frame: UInt64? {
    let number = bits & (1 << 55 - 1)
    return isPresent && number != 0 ? number : nil
  }
}

/// The kernel's information about one physical frame: eight bytes of /proc/kpageflags. The kernel's document
/// admin-guide/mm/pagemap
package struct FrameFlags: Hashable, Sendable {
  /// The bytes as they are in the file, in the machine's order.
  package let bits: UInt64

  package init(_ bits: UInt64) {
    self.bits = bits
  }

  /// Whether a process has it locked.
  package var isLocked: Bool { bits >> 33 & 1 != 0 }
  /// Whether it is part of a page of the pool.
  package var isHugetlb: Bool { bits >> 17 & 1 != 0 }
  /// Whether it is part of a larger page, of whatever size.
  package var isCompound: Bool { isHead || isTail }
  /// Whether it is the first of a larger page.
  package var isHead: Bool { bits >> 15 & 1 != 0 }
  /// Whether it is part of a larger page, but not its first frame.
  package var isTail: Bool { bits >> 16 & 1 != 0 }
}
