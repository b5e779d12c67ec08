import SystemPackage

/// Whether mappings carry the lock, on the kernel's word.
enum LockedMappings {
  /// Whether every mapping of the part is locked: the `lo` flag of /proc/self/smaps; nil if it cannot be read.
  /// proc_pid_smaps(5)
  ///
  /// - Complexity: linear in the pages that the process has mapped.
  static func cover(_ pages: borrowing OwnedPages, _ part: Range<Int>) -> Bool? {
    let wanted =
      (pages.address + UInt(part.lowerBound))..<(pages.address + UInt(part.upperBound))
    guard let text = try? FileSystem.contents(of: "/proc/self/smaps") else { return nil }
    return SmapsText.carriesLock(text, over: wanted)
  }
}
