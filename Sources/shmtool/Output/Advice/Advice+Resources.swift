import ShmCore

extension Advice {
  /// A limit of the process: every user can raise the soft limit up to the hard limit, which the
  /// manager of the place sets.
  func resourceText(
    _ shortage: LimitShortage, _ resource: LimitShortage.Resource, hard: Int?
  ) -> String {
    let layer = place.layers.last
    let mayRaiseSoft = shortage.needed.map { $0 <= hard ?? Int.max } ?? (hard == nil)
    let isUnit = [.systemService, .userService].contains(place.kind)
    var soft: String?
    if mayRaiseSoft, !isUnit {
      let amount = shortage.needed.map { "\(resource.shellUnits($0))" } ?? "unlimited"
      soft = "'ulimit -S \(resource.option) \(amount)' in the shell that starts it"
    }
    let lowering = place.lowering(of: resource, needed: shortage.needed)
    if !mayRaiseSoft, let lowering { return loweringText(lowering, resource) }
    if !mayRaiseSoft, resource == .memlock, place.isInInitialNamespace == false {
      return namespaceText(shortage, resource)
    }
    let raised = layer.flatMap { above(shortage, resource, $0) }
    if mayRaiseSoft, place.kind == .userService, let layer {
      var words = AdviceWords(place, layer)
      words.setResource(resource, needed: shortage.needed)
      return advise(shortage, words.fill(AdviceTable.ownUnit), of: layer)
    }
    guard let soft else { return advise(shortage, raised, of: raised == nil ? nil : layer) }
    // The limits of a container do not come from a shell in it.
    guard let raised, place.container != nil, lowering == nil else {
      return "raise the soft \(resource.name) with \(soft)"
    }
    let lasting = advise(shortage, raised, of: layer)
    return "raise the soft \(resource.name) with \(soft); or, as \(lasting)"
  }

  /// The service or the container grants the limit, so a setting of it does not help.
  private func loweringText(
    _ lowering: Place.Lowering, _ resource: LimitShortage.Resource
  ) -> String {
    let value =
      lowering.limit.map { resource == .openFiles ? "\($0)" : "\(ByteCount($0))" } ?? "unlimited"
    let ancestor = "\(lowering.ancestor.number) (\(lowering.ancestor.name))"
    let child = "\(lowering.child.number) (\(lowering.child.name))"
    return lowering.isOwn
      ? "the \(resource.name) was lowered for this command (prlimit, ulimit): in the process that "
        + "started it, \(ancestor), it is \(value)"
      : "the \(resource.name) was lowered in process \(child): in its parent process, "
        + "\(ancestor), it is \(value); start the command from that process"
  }

  /// How to raise the hard limit in a layer, and in the container around it, which limits it.
  private func above(
    _ shortage: LimitShortage, _ resource: LimitShortage.Resource, _ layer: Place.Evidence
  ) -> String? {
    guard var text = hardText(shortage, resource, layer) else { return nil }
    if let container = place.container, container != layer,
      let outer = hardText(shortage, resource, container)
    {
      text += "; the container around it must allow as much: \(outer)"
    }
    return text
  }

  private func hardText(
    _ shortage: LimitShortage, _ resource: LimitShortage.Resource, _ layer: Place.Evidence
  ) -> String? {
    var words = AdviceWords(place, layer)
    words.setResource(resource, needed: shortage.needed)
    // systemd-run(1) gives sessions of WSL scopes as well, and still nothing reads limits.conf first.
    let isFirstShell = layer.kind == .login && place.layers.contains { $0.kind == .wsl }
    let row = AdviceTable.row(isFirstShell ? .wsl : layer.kind)
    if layer.kind == .systemService, layer.name == nil {
      return words.fill("set $directive=$setting in the unit that starts it, then restart the unit")
    }
    guard resource != .addressSpace || !layer.kind.isContainer,
      var text = row.resource.flatMap({ words.fill($0) })
    else { return nil }
    if let atOnce = row.atOnce.flatMap({ words.fill($0) }), place.container == nil {
      text += ", \(atOnce)"
    }
    if resource == .memlock, let capability = capabilityText(row, words) { text += capability }
    return text
  }

  /// Whether CAP_IPC_LOCK would help, which lifts the memlock limit if it is effective.
  private func capabilityText(_ row: AdviceRow, _ words: AdviceWords) -> String? {
    guard place.isInInitialNamespace != false, let user = place.process.user else { return nil }
    if user == 0 { return row.capability.map { ", \($0)" } }
    guard let text = row.noCapability.flatMap({ words.fill($0) }) else { return nil }
    return place.process.isWiringBounding == true
      ? "; IPC_LOCK is in the bounding set but not effective: \(text)"
      : "; \(text)"
  }

  /// In a user namespace no capability has an effect, and no process there may raise a hard limit.
  private func namespaceText(
    _ shortage: LimitShortage, _ resource: LimitShortage.Resource
  ) -> String {
    let map = place.process.userMap.map { " (uid map \($0))" } ?? ""
    let start = "capabilities have no effect in this user namespace\(map): "
    let layer = place.layers.last
    let advice = layer.flatMap { hardText(shortage, resource, $0) }
    let general =
      "the hard \(resource.name) to \(shortage.needed.map { "\($0) bytes" } ?? "unlimited")"
    guard let layer, let advice, layer.kind != .userNamespace else {
      return start + "raise \(general) for the user who started it, outside of the namespace"
    }
    // A runtime on a node runs as root, and so does what starts the units of a system.
    if layer.kind == .kubernetes || !layer.kind.isContainer && layer.kind != .login {
      return start + advise(shortage, advice, of: layer)
    }
    if layer.kind == .login {
      return start + "raise \(general) of the session outside of the namespace: \(advice)"
    }
    return start
      + "raise \(general) on the host for the user who starts the container, because the "
      + "container cannot exceed it; then, as " + advise(shortage, advice, of: layer)
  }
}

extension LimitShortage.Resource {
  /// The limit in words.
  fileprivate var name: String {
    switch self {
    case .memlock: "memlock limit"
    case .addressSpace: "limit on addresses"
    case .openFiles: "limit on open files"
    case .fileSize: "limit on file sizes"
    }
  }
}
