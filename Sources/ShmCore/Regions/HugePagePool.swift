public import SystemPackage

/// The pool of huge pages of one size. hugetlbpage, in the kernel's administration guide
///
/// ```swift
/// for pool in HugePagePool.all() { print(pool.pageSize, pool.available) }
/// ```
public struct HugePagePool: Hashable, Sendable {
  /// The size of a page in bytes.
  public let pageSize: Int
  /// How many pages there are.
  public let total: Int
  /// How many nobody has; some of them may be promised.
  public let free: Int
  /// How many of the free ones are promised.
  public let reserved: Int

  /// How many more the kernel may add for a time (nr_overcommit_hugepages, less the surplus).
  public let spare: Int

  /// How many could be had now without adding any.
  public var available: Int { max(0, free - reserved) }

  /// The file that sets how many pages there are.
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

  /// The pool of a page size, or the one that the kernel takes where none is named.
  ///
  /// - Parameter pageSize: in bytes; nil for the default (`Hugepagesize` of /proc/meminfo).
  /// - Returns: its figures of now; nil where this machine has no such pages.
  public static func pool(ofPageSize pageSize: Int? = nil) -> HugePagePool? {
    guard let wanted = pageSize ?? MemoryInformation.current()?["Hugepagesize"] else { return nil }
    return all().first { $0.pageSize == wanted }
  }

  /// Why the pool does not have `wanted` bytes, and the size that it needs; nil if it has them.
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
