import ShmCore
import ShmInspection
import SystemPackage

/// What a command waits for: the conditions, and their words.
struct WaitGoal {
  let region: RegionReference?
  /// The directory for new regions; nil if the command does not wait for room.
  let directory: FilePath?
  /// All conditions, in the order of the options. The cheap ones are first.
  let conditions: [Region.Condition]

  init(_ command: Wait) {
    region = command.region
    let directory = command.directory ?? command.region?.directory ?? RegionName.directory
    var conditions: [Region.Condition] = []
    if command.removed { conditions.append(.removed) }
    if let size = command.size {
      conditions.append(size.isGrowth ? .grown(by: size.bytes) : .size(size.bytes))
    }
    if let equals = command.equals {
      conditions.append(.bytes(equals.bytes, at: command.at?.bytes ?? 0))
    }
    if let free = command.free { conditions.append(.room(free.bytes, in: directory)) }
    if command.used { conditions.append(.users(atLeast: 1)) }
    if let users = command.users { conditions.append(.users(atLeast: users.count)) }
    if let resident = command.resident { conditions.append(.resident(resident.bytes)) }
    if command.unused { conditions.append(.unused) }
    let isOfRegion = conditions.contains { if case .room = $0 { false } else { true } }
    if region != nil, !isOfRegion { conditions.insert(.created, at: 0) }
    self.conditions = conditions
    self.directory = command.free == nil ? nil : directory
  }

  /// The end of the wait: "'cache' has 64 KiB and is unused".
  var words: String {
    var clauses: [String] = []
    var ofRegion = conditions.compactMap(clause)
    if let region, !ofRegion.isEmpty {
      let last = ofRegion.removeLast()
      let list = ofRegion.isEmpty ? last : "\(ofRegion.joined(separator: ", ")) and \(last)"
      clauses.append("\(region.quoted) \(list)")
    }
    for case .room(let bytes, let directory) in conditions {
      clauses.append(
        "a region of \(ByteCount(bytes)) can be created in \(Escaping.quoted(directory.bytes))")
    }
    return clauses.joined(separator: ", and ")
  }

  private func clause(_ condition: Region.Condition) -> String? {
    switch condition {
    case .created: "exists"
    case .removed: "is removed"
    case .size(let size): "has \(ByteCount(size))"
    case .grown(let bytes): "has grown by \(ByteCount(bytes))"
    case .bytes(_, let offset): "holds the bytes at \(offset)"
    case .users(1): "is used"
    case .users(let count): "has \(count) users"
    case .unused: "is unused"
    case .resident(let bytes): "has \(ByteCount(bytes)) in RAM"
    case .room: nil
    }
  }
}
