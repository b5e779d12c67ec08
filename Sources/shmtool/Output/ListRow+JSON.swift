extension ListReport.Row {
  /// Encodes all members, or those of the selected columns.
  func encode(to encoder: any Encoder) throws {
    var row = encoder.container(keyedBy: CodingKeys.self)
    func put(_ value: some Encodable, _ key: CodingKeys) throws {
      if keys?.contains(key) ?? true { try row.encode(value, forKey: key) }
    }
    try put(kind, .kind)
    try put(name, .name)
    try put(region, .region)
    try put(reference, .reference)
    try put(removed, .removed)
    try put(nameState, .nameState)
    try put(device, .device)
    try put(inode, .inode)
    try put(size, .size)
    try put(allocated, .allocated)
    try put(resident, .resident)
    try put(swapped, .swapped)
    try put(wired, .wired)
    try put(charged, .charged)
    try put(huge, .huge)
    try put(inherentlyUnswappable, .inherentlyUnswappable)
    try put(mode, .mode)
    try put(owner, .owner)
    try put(ownerId, .ownerId)
    try put(ageSeconds, .ageSeconds)
    try put(seals, .seals)
    try put(segment, .segment)
    try put(users, .users)
    try put(used, .used)
    try put(noUserSeen, .noUserSeen)
    try put(usersComplete, .usersComplete)
  }
}
