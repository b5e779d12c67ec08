/// What tells one region of the host from another.
enum RegionKey: Hashable, Sendable {
  /// A file, also one without a name.
  case file(RegionIdentity)
  /// A System V segment: its inode is its number, which others may have on the same device, and which
  /// each namespace counts for itself. ipc_namespaces(7)
  case segment(namespace: [UInt8], identifier: UInt64)
}
