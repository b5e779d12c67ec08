import Glibc
public import SystemPackage

/// The hugetlbfs mount for named regions of huge pages. A POSIX object lies on a tmpfs and cannot use the pool of
/// huge pages.
package enum HugePageMount {
  /// The reference of a name on a hugetlbfs mount.
  ///
  /// - Parameters:
  ///   - name: the region's name.
  ///   - pageSize: in bytes; nil for the machine's default.
  /// - Returns: a path on the first mount that the caller can write to.
  /// - Throws: `ShmError`:
  ///   - `notFound` if the host has no huge pages of that size, or no hugetlbfs mount for them,
  ///   - `notPermitted` if the caller cannot write to any such mount.
  package static func reference(
    for name: RegionName, pageSize: Int? = nil
  ) throws(ShmError) -> RegionReference {
    let attempt = "cannot create \(name.quoted) of huge pages"
    return .file(name.path(in: try directory(pageSize: pageSize, attempt)))
  }

  /// The mount for regions of huge pages.
  ///
  /// - Parameter pageSize: in bytes; nil for the machine's default.
  /// - Returns: the first mount that the caller can write to.
  /// - Throws: `ShmError`: as `reference`.
  package static func directory(pageSize: Int? = nil) throws(ShmError) -> FilePath {
    try directory(pageSize: pageSize, "cannot determine the room for huge pages")
  }

  private static func directory(
    pageSize: Int?, _ attempt: String
  ) throws(ShmError) -> FilePath {
    let pool = try pool(ofPageSize: pageSize, attempt)
    let places = MountTable.current().mounts.filter { mount in
      guard mount.kind == "hugetlbfs",
        let fileSystem = try? MemoryFileSystem.at(mount.point)
      else { return false }
      return fileSystem.pageSize == pool.pageSize
    }.map { $0.point }
    let size = ByteCount(pool.pageSize)
    guard let first = places.first else {
      throw ShmError(
        .notFound, attempt, "no hugetlbfs with pages of \(size) is mounted",
        remedy: """
          as root: 'mkdir -p /dev/hugepages && mount -t hugetlbfs -o \
          pagesize=\(pool.pageSize >> 10)K,mode=1777 hugetlbfs /dev/hugepages'
          """)
    }
    guard let place = places.first(where: { FileSystem.mayWrite(in: $0) }) else {
      throw ShmError(
        .notPermitted, attempt,
        "no permission to write in directory \(Escaping.printable(first.bytes))",
        remedy: "as root: mount another hugetlbfs for this user, with uid=\(geteuid())")
    }
    return place
  }

  /// The pool of a page size, or an error that lists the available page sizes.
  package static func pool(ofPageSize pageSize: Int?, _ attempt: String) throws(ShmError)
    -> HugePagePool
  {
    if let pool = HugePagePool.pool(ofPageSize: pageSize) { return pool }
    let sizes = HugePagePool.all().map { "\(ByteCount($0.pageSize))" }
    let wanted = pageSize.map { "pages of \(ByteCount($0))" } ?? "huge pages"
    throw ShmError(
      .notFound, attempt,
      sizes.isEmpty
        ? "this machine has no huge pages"
        : "this machine has no \(wanted), but \(sizes.joined(separator: " and "))")
  }
}

extension RegionReference {
  /// The reference of a name on a hugetlbfs mount, for a region of huge pages.
  ///
  /// ```swift
  /// let reference = try RegionReference.onHugePages(RegionName("cache"))  // /dev/hugepages/cache
  /// let region = try Region.create(reference, size: 1 << 30)
  /// ```
  ///
  /// - Parameters:
  ///   - name: the region's name.
  ///   - pageSize: the huge page size in bytes; nil for the default size of the host.
  /// - Returns: a path on the first mount that the caller can write to.
  /// - Throws: `ShmError`:
  ///   - `notFound` if the host has no huge pages of that size, or no hugetlbfs mount for them,
  ///   - `notPermitted` if the caller cannot write to any such mount.
  public static func onHugePages(
    _ name: RegionName, pageSize: Int? = nil
  ) throws(ShmError) -> RegionReference {
    try HugePageMount.reference(for: name, pageSize: pageSize)
  }
}

extension HugePagePool {
  /// The hugetlbfs mount for named regions of this pool.
  ///
  /// - Returns: the directory of the first mount that the caller can write to.
  /// - Throws: `ShmError`: `notFound` if there is no mount, `notPermitted` if the caller cannot write to any of them.
  public func directory() throws(ShmError) -> FilePath {
    try HugePageMount.directory(pageSize: pageSize)
  }
}
