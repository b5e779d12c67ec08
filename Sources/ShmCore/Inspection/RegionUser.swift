/// A process that uses a region.
///
/// ```swift
/// for user in scan.users(of: try region.status().identity) {
///   print(user.process, user.mappedBytes, user.descriptors)
/// }
/// ```
public struct RegionUser: Hashable, Sendable {
  /// The process.
  public let process: Int32
  /// The user it runs as; nil where that cannot be known.
  public let user: UInt32?
  /// Its command, as the kernel keeps it: 15 bytes at most.
  public let command: [UInt8]
  /// Where it has the region mapped.
  public internal(set) var mappings: [ProcessMap] = []
  /// The descriptors that it has open on the region.
  public internal(set) var descriptors: [Int32] = []

  /// The bytes of its addresses that the region is mapped to.
  public var mappedBytes: Int {
    mappings.reduce(0) { $0 + Int(clamping: $1.addresses.upperBound - $1.addresses.lowerBound) }
  }
}
