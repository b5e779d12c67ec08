import ShmCore

extension RegionStatus {
  /// The status of a System V segment as its IPC namespace lists it.
  init(_ segment: SystemVSegment, _ identity: RegionIdentity, pageSize: Int) {
    self.init(
      identity: identity, size: segment.size, allocated: segment.resident &+ segment.swapped,
      mode: segment.mode, owner: segment.owner, group: segment.group, changed: segment.changed,
      pageSize: pageSize)
  }
}
