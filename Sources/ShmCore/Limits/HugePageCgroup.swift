package import SystemPackage

/// One control group that bounds the huge pages of a process, with its figures of one page size.
/// hugetlb, in the kernel's administration guide to control groups
package struct HugePageCgroup: Hashable, Sendable {
  /// The version of the hierarchy, 1 or 2.
  package let version: Int
  /// The group's path within its hierarchy.
  package let path: FilePath
  /// The limit in bytes.
  package let limit: Int
  /// The bytes of huge pages that the group has.
  package let used: Int
  /// The file of the group that sets the limit.
  package let limitFile: String

  /// The bytes that the limit leaves.
  package var available: Int { max(0, limit - used) }

  /// Every group with a limit: the process's own and all above, the innermost first. A group limits the
  /// pages that are in use, and the pages that are reserved, each with a separate file.
  ///
  /// - Parameters:
  ///   - process: its number; nil for this one.
  ///   - pageSize: the size of the huge pages in bytes.
  /// - Returns: the limits with their figures of now.
  package static func bounding(_ process: Int32? = nil, pageSize: Int) -> [HugePageCgroup] {
    bounding(ControlGroups(of: process), pageSize: pageSize)
  }

  /// The same by a table of groups.
  package static func bounding(_ groups: ControlGroups, pageSize: Int) -> [HugePageCgroup] {
    groups.chain(for: "hugetlb").flatMap { group in
      ["", "rsvd."].compactMap { kind in
        let name = "hugetlb.\(label(pageSize)).\(kind)"
        let (limitFile, usedFile) =
          group.version == 1
          ? (name + "limit_in_bytes", name + "usage_in_bytes") : (name + "max", name + "current")
        guard let limit = group.limit(limitFile), let used = group.number(usedFile) else {
          return nil
        }
        return HugePageCgroup(
          version: group.version, path: group.path, limit: limit, used: used,
          limitFile: limitFile)
      }
    }
  }

  /// The size as the kernel writes it in names: 64KB, 2MB, 1GB.
  private static func label(_ pageSize: Int) -> String {
    if pageSize >= 1 << 30 { return "\(pageSize >> 30)GB" }
    return pageSize >= 1 << 20 ? "\(pageSize >> 20)MB" : "\(pageSize >> 10)KB"
  }
}
