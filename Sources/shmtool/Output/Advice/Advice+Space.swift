import ShmCore
import SystemPackage

/// Memory, the room of a tmpfs, huge pages, and the kernel's settings.
extension Advice {
  /// The group that binds tells who sets its limit: a unit, an engine, or the creator of the group.
  func groupText(
    _ shortage: LimitShortage, _ path: FilePath, _ file: String
  ) -> String {
    let layers = Place.layers(ofGroup: path)
    var layer = layers.last
    // In a container the hierarchy begins with the container's own group.
    if path == "/" { layer = place.container }
    let unit = path.lastComponent?.string ?? ""
    let isUnit = [".service", ".scope", ".slice"].contains { unit.hasSuffix($0) }
    let isManaged = layer.map { $0.kind.isContainer || $0.kind == .slurm } ?? false
    guard isUnit || isManaged else { return "\(shortage)" }
    let isOfUser = path.components.dropLast().contains { $0.string.hasPrefix("user@") }
    let row = AdviceTable.row(
      isManaged ? layer?.kind ?? .unknown : isOfUser ? .userService : .systemService)
    var words = AdviceWords(place, layer)
    words.setBytes(shortage.needed)
    words.set("group", Escaping.word(Array(unit.utf8)))
    words.set("memory", Self.directive(file))
    let advice = row.memory.flatMap { words.fill($0) }
    return advise(shortage, advice, of: isManaged && advice != nil ? layer : nil)
  }

  /// The directive of a unit for a file of its group. systemd.resource-control(5)
  private static func directive(_ file: String) -> String {
    switch file {
    case "memory.high": "MemoryHigh"
    case "memory.swap.max", "memory.memsw.limit_in_bytes": "MemorySwapMax"
    default: "MemoryMax"
    }
  }

  /// A tmpfs: root enlarges it at once, but in a container it is the engine's.
  func fileSystemText(_ shortage: LimitShortage, _ point: FilePath?) -> String {
    guard let point, let needed = shortage.needed else { return "\(shortage)" }
    let layer = sharedMemoryLayer
    var words = AdviceWords(place, layer)
    words.setBytes(needed)
    words.set("point", Escaping.word(point.bytes))
    guard place.contradictions.isEmpty else { return advise(shortage, nil, of: nil) }
    // An engine's option is about /dev/shm alone.
    if let container = place.container, point != "/dev/shm" {
      return advise(shortage, "\(shortage) where the container gets it", of: container)
    }
    let advice = AdviceTable.row(layer?.kind ?? .unknown).sharedMemory.flatMap { words.fill($0) }
    return advise(shortage, advice, of: layer.map { $0.kind.isContainer } == true ? layer : nil)
  }

  /// Inodes: no engine has an option for them.
  func inodeText(_ shortage: LimitShortage, _ point: FilePath?) -> String {
    guard let point, let needed = shortage.needed, place.contradictions.isEmpty,
      place.container == nil, place.isInInitialNamespace != false
    else { return advise(shortage, nil, of: nil) }
    return "as root: 'mount -o remount,nr_inodes=\(needed) \(Escaping.word(point.bytes))'"
  }

  /// What decides about /dev/shm: the innermost container, a namespace, or the machine.
  private var sharedMemoryLayer: Place.Evidence? {
    place.container ?? place.layers.first { $0.kind == .userNamespace }
      ?? place.layers.last
  }

  /// A pool belongs to the machine.
  func poolText(_ shortage: LimitShortage, _ pageSize: Int) -> String {
    guard place.contradictions.isEmpty else { return advise(shortage, nil, of: nil) }
    let layer = sharedMemoryLayer
    var words = AdviceWords(place, layer)
    words.setPages(pageSize, needed: shortage.needed)
    let advice = AdviceTable.row(layer?.kind ?? .unknown).hugePages.flatMap { words.fill($0) }
    return advise(shortage, advice, of: layer.map { $0.kind.isContainer } == true ? layer : nil)
  }

  /// Kubernetes alone has a setting for the huge pages of a group: `hugetlb.2MB.max`.
  func hugeGroupText(_ shortage: LimitShortage, _ path: FilePath, _ file: String) -> String {
    let layer = path == "/" ? place.container : Place.layers(ofGroup: path).last
    let parts = file.split(separator: ".")
    guard let layer, layer.kind == .kubernetes, parts.count > 1, parts[1].hasSuffix("B") else {
      return "\(shortage)"
    }
    let resource = "resources.limits.hugepages-\(parts[1].dropLast())i"
    let amount = shortage.needed.map { " to \($0)" } ?? ""
    return advise(shortage, "raise \(resource) of the container\(amount)", of: layer)
  }

  /// What a raised limit does not help against.
  func filterText(_ shortage: LimitShortage) -> String {
    let layer = place.layers.last
    let words = AdviceWords(place, layer)
    let advice = layer.flatMap { AdviceTable.row($0.kind).filter }.flatMap { words.fill($0) }
    let start = "a higher limit does not help; "
    guard let advice else {
      return start + "what starts this process must allow mlock and mlock2: the seccomp profile of "
        + "the container's engine, or SystemCallFilter= (@memlock) of the unit"
    }
    return start + advise(shortage, advice, of: layer)
  }

  /// A setting of the kernel, which the root of a container may not change.
  func kernelText(_ shortage: LimitShortage) -> String {
    let number = shortage.needed.map { "\($0)" } ?? "N"
    let isForeign = place.container != nil || place.isInInitialNamespace == false
    let root =
      place.kind == .kubernetes
      ? "as root on the node" : isForeign ? "as root on the host" : "as root"
    return shortage.limit == .commit
      ? "\(root): \(shortage)" : "\(root): 'sysctl vm.max_map_count=\(number)'"
  }

  /// The machine's memory.
  func memoryText(_ shortage: LimitShortage) -> String {
    guard place.layers.contains(where: { $0.kind == .wsl }), place.container == nil else {
      return "\(shortage)"
    }
    return "\(shortage), or " + (AdviceTable.row(.wsl).memory ?? "")
  }
}
