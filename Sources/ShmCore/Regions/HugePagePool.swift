public import SystemPackage

/// The pool of huge pages of one size. hugetlbpage, in the kernel's administration guide
///
/// ```swift
/// for pool in HugePagePool.all() { print(pool.pageSize, pool.available) }
/// ```
public struct HugePagePool: Hashable, Sendable {
  /// The size of a page in bytes.
  public let pageSize: Int
  /// The number of pages in the pool.
  public let total: Int
  /// The number of free pages, including the reserved pages.
  public let free: Int
  /// The number of free pages that are reserved for mappings.
  public let reserved: Int

  /// The number of surplus pages that the kernel can still add (nr_overcommit_hugepages minus the surplus).
  public let spare: Int

  /// The number of pages that can be allocated now without surplus pages.
  public var available: Int { max(0, free - reserved) }

  /// The file that sets the number of pages.
  public var sizeFile: FilePath {
    Self.directory.appending("hugepages-\(pageSize >> 10)kB").appending("nr_hugepages")
  }

  private static var directory: FilePath { "/sys/kernel/mm/hugepages" }

  /// The pools of this machine, the smallest page first.
  public static func all() -> [HugePagePool] {
    let names = (try? FileSystem.names(in: directory)) ?? []
    return names.compactMap { name in
      let text = name.string
      guard text.hasPrefix("hugepages-"), text.hasSuffix("kB"),
        let kibibytes = Int(text.dropFirst(10).dropLast(2))
      else { return nil }
      func number(_ file: String) -> Int {
        (try? FileSystem.contents(of: directory.appending(name).appending(file)))
          .flatMap { ProcText.lines($0).first }.flatMap { ProcText.decimal($0) } ?? 0
      }
      return HugePagePool(
        pageSize: kibibytes << 10, total: number("nr_hugepages"), free: number("free_hugepages"),
        reserved: number("resv_hugepages"),
        spare: max(0, number("nr_overcommit_hugepages") - number("surplus_hugepages")))
    }.sorted { $0.pageSize < $1.pageSize }
  }

  /// The pool of a page size, or the default pool of the kernel.
  ///
  /// - Parameter pageSize: in bytes; nil for the default (`Hugepagesize` of /proc/meminfo).
  /// - Returns: its current figures; nil if this machine has no huge pages of that size.
  public static func pool(ofPageSize pageSize: Int? = nil) -> HugePagePool? {
    guard let wanted = pageSize ?? MemoryInformation.current()?["Hugepagesize"] else { return nil }
    return all().first { $0.pageSize == wanted }
  }

  /// Why the pool cannot provide `wanted` bytes, and the size that it needs; nil if it can.
  func shortage(of wanted: Int) -> (reason: String, limit: LimitShortage)? {
    let pages = PageMath.pages(wanted, of: pageSize)
    guard pages > available + spare else { return nil }
    let addable = spare > 0 ? ", and \(spare) more may be added" : ""
    return (
      """
      needs \(ByteCount(wanted)) (\(pages) pages of \(ByteCount(pageSize))), but the pool has \
      \(available) available of \(total) (\(free) free, \(reserved) of them reserved\(addable))
      """, LimitShortage(.hugePages(pageSize: pageSize), needed: total + pages - available)
    )
  }
}
