import SystemPackage

/// The pool of huge pages of one size. hugetlbpage, in the kernel's administration guide
public struct HugePagePool: Hashable, Sendable {
  /// The size of a page in bytes.
  public let pageSize: Int
  /// How many pages there are.
  public let total: Int
  /// How many nobody has; some of them may be promised.
  public let free: Int
  /// How many of the free ones are promised.
  public let reserved: Int

  /// How many could be had now.
  public var available: Int { max(0, free - reserved) }

  /// The pools of this machine, the smallest page first.
  public static func all() -> [HugePagePool] {
    let directory: FilePath = "/sys/kernel/mm/hugepages"
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
        reserved: number("resv_hugepages"))
    }.sorted { $0.pageSize < $1.pageSize }
  }
}
