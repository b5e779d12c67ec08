import Glibc
public import ShmCore
import SystemPackage

/// The inspection of one address of a process: the region and its byte, the physical frame, and the other mappings of
/// the same page.
///
/// ```swift
/// let found = try AddressInspection(of: 0x7f00_0000_0000, in: 1234)
/// print(found.map.displayName, found.offset, found.page.frame ?? 0)
/// ```
public struct AddressInspection: Sendable {
  /// The page at the address, as the page table of one process has it. proc_pid_pagemap(5)
  public struct Page: Hashable, Sendable {
    /// Whether it is in RAM and in that page table; nil without permission.
    public let isPresent: Bool?
    /// Whether it is a private copy of that process and not the region's page; nil if it is not present, or without
    /// permission.
    public let isCopy: Bool?
    /// The physical frame; nil if it is not present, or without permission.
    public let frame: UInt64?
  }

  /// Another place where the same byte of the region is mapped.
  public struct Place: Sendable {
    /// The process.
    public let process: Int32
    /// Its command, as the kernel keeps it.
    public let command: [UInt8]

    /// The command name, escaped for one line of a terminal.
    public var displayName: String { Escaping.printable(command) }

    /// The address there.
    public let address: UInt64
    /// The mapping there.
    public let map: ProcessMap
    /// The page there.
    public let page: Page
  }

  /// The process.
  public let process: Int32
  /// The address.
  public let address: UInt64
  /// Its command, as the kernel keeps it.
  public let command: [UInt8]

  /// The command name, escaped for one line of a terminal.
  public var displayName: String { Escaping.printable(command) }

  /// The mapping that it lies in.
  public let map: ProcessMap
  /// The kind of the region; nil for private memory of the process.
  public let kind: RegionKind?
  /// The offset in the region, in bytes.
  public let offset: Int
  /// The page there.
  public let page: Page
  /// Whether the mapping is locked; nil without permission.
  public let isLocked: Bool?
  /// The other mappings of the page, in this and in other processes.
  public let others: [Place]
  /// Whether these are all.
  public let othersComplete: Bool

  /// Looks.
  ///
  /// - Parameters:
  ///   - address: in bytes; any byte of a page.
  ///   - process: the process ID.
  /// - Throws: `ShmError`: `notFound` if the process does not exist or the address is not mapped,
  ///   `notPermitted` for a process of another user.
  /// - Complexity: linear in the host's mappings.
  public init(of address: UInt64, in process: Int32) throws(ShmError) {
    let attempt = "cannot inspect 0x\(String(address, radix: 16)) of process \(process)"
    let text: [UInt8]
    do {
      text = try FileSystem.contents(of: ProcessThreads.directory(of: process).appending("maps"))
    } catch {
      throw ProcessView.explain(error, process, attempt)
    }
    let maps = ProcText.lines(text).compactMap { ProcessMap(parsing: $0) }
    guard
      let map = maps.first(where: { $0.addresses.contains(address) })?
        .resolved(in: IPCNamespace.of(process) ?? 0)
    else {
      throw ShmError(.notFound, attempt, "the address is not mapped")
    }
    self.process = process
    self.address = address
    self.map = map
    command = RegionUser(process: process).command
    offset = Int(clamping: map.offset) &+ Int(clamping: address - map.addresses.lowerBound)
    page = Self.page(process, address)
    guard map.isOfRegion else {
      (kind, isLocked, others, othersComplete) = (nil, nil, [], true)
      return
    }
    kind =
      map.identity.namespace == nil
      ? RegionKind(KernelPath(map.path), isHidden: nil) : .systemV
    let scan = try RegionUsers.scan(for: [map.identity])
    let mappings = RegionMappings(of: map.identity, in: scan)
    othersComplete = mappings.isComplete
    var places: [Place] = []
    var isLocked: Bool?
    for mapping in mappings.mappings {
      guard let there = mapping.address(of: offset) else { continue }
      if mapping.process == process, there == address {
        isLocked = mapping.isLocked
        continue
      }
      let user = scan.users(of: map.identity).first { $0.process == mapping.process }
      places.append(
        Place(
          process: mapping.process, command: user?.command ?? [], address: there, map: mapping.map,
          page: Self.page(mapping.process, there)))
    }
    self.isLocked = isLocked
    others = places
  }

  private static func page(_ process: Int32, _ address: UInt64) -> Page {
    guard
      let file = try? FileSystem.open(
        ProcessThreads.directory(of: process).appending("pagemap"), O_RDONLY),
      let word = file.words(from: address / UInt64(PageMath.pageSize), count: 1).first
    else { return Page(isPresent: nil, isCopy: nil, frame: nil) }
    let entry = PagemapEntry(word)
    return Page(
      isPresent: entry.isPresent, isCopy: entry.isPresent ? !entry.isShared : nil,
      frame: entry.frame)
  }
}
