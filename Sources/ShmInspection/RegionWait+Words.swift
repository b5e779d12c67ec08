import ShmCore
import SystemPackage

/// The sentences about a wait.
extension RegionWait {
  /// The operation, for errors.
  var attempt: String {
    if let reference { return "cannot wait for \(reference.quoted)" }
    for case .room(_, let directory) in conditions {
      return "cannot wait for room in \(Escaping.quoted(directory.bytes))"
    }
    return "cannot wait"
  }

  /// The conditions, and what was found instead.
  var words: String {
    let wanted = conditions.map(words(of:)).joined(separator: " and ")
    return ([wanted] + conditions.compactMap(facts(about:))).joined(separator: "; ")
  }

  private func words(of condition: Region.Condition) -> String {
    switch condition {
    case .created: "its creation"
    case .removed: "its removal"
    case .size(let size): "a size of \(figures(size).wanted)"
    case .grown(let bytes): "growth by \(ByteCount(bytes).exact)"
    case .bytes(let bytes, let offset):
      "the value of \(bytes.count) \(bytes.count == 1 ? "byte" : "bytes") at \(offset)"
    case .users(1): "a process that uses it"
    case .users(let count): "\(count) processes that use it"
    case .unused: "the end of its use"
    case .resident(let bytes): "\(ByteCount(bytes)) in RAM"
    case .room(let bytes, let directory):
      "room for \(ByteCount(bytes)) in \(Escaping.quoted(directory.bytes))"
    }
  }

  /// What the last look found about a condition that does not hold; nil if the condition says all.
  private func facts(about condition: Region.Condition) -> String? {
    switch condition {
    case .room: return found.room?.reason
    case .created, .removed: return nil
    default: break
    }
    guard found.exists == true else { return "it does not exist" }
    switch condition {
    case .size(let size):
      guard let actual = found.size, actual < size else { return nil }
      return "it has \(figures(size).found)"
    case .grown(let bytes):
      guard let growth = found.growth, growth < bytes else { return nil }
      let way = growth < 0 ? "shrunk" : "grown"
      return "it has \(way) by \(ByteCount(abs(growth)).exact)"
    case .users(let count):
      guard case .used(let users)? = found.use else { return "no visible process uses it" }
      return users.count >= count ? nil : RegionUse.sentence(users)
    case .unused:
      guard case .used(let users)? = found.use else { return nil }
      return users.isEmpty
        ? "a process that is not visible here uses it" : RegionUse.sentence(users)
    case .resident(let bytes):
      guard let resident = found.resident, resident < bytes else { return nil }
      return "\(ByteCount(resident)) are in RAM"
    default: return nil
    }
  }

  /// The size that is waited for and the size that was found, so that they read differently.
  private func figures(_ wanted: Int) -> (wanted: String, found: String) {
    ByteCount(wanted).distinguished(from: ByteCount(found.size ?? wanted))
  }
}
