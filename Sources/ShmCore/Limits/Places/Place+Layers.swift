extension Place {
  /// Derives the nested environments from the evidence, and detects contradictions.
  init(_ facts: Facts, _ evidence: [Evidence]) {
    process = facts
    self.evidence = evidence
    let outer = evidence.filter { $0.kind == .wsl || $0.kind == .userNamespace }
    let containers = Self.containers(evidence)
    let (inner, others) = Self.managers(evidence)
    // Variables are inherited: alone they prove no container around a unit.
    let isLeftover =
      !containers.layers.isEmpty && inner.contains { $0.mark.isGroup }
      && evidence.allSatisfy { !$0.kind.isContainer || $0.mark.isVariable }
    contradictions =
      containers.contradictions + others + (isLeftover ? containers.layers + inner : [])
    if contradictions.isEmpty {
      let seen = outer + containers.layers + inner
      // A terminal is the weakest evidence: in a container it belongs to the engine.
      layers = seen.isEmpty ? evidence.filter { $0.mark == .terminal } : seen
    } else {
      layers = []
    }
  }

  /// The containers, the outermost first.
  private static func containers(
    _ evidence: [Evidence]
  ) -> (layers: [Evidence], contradictions: [Evidence]) {
    let all = evidence.filter { $0.kind.isContainer }
    // Control groups show the nesting.
    var layers = all.filter { $0.mark.isGroup }
    var rest = all.filter { !$0.mark.isGroup }
    // Kubernetes and ECS start their containers with an engine, whose evidence is visible, too.
    if let orchestrated = all.first(where: { $0.kind == .kubernetes || $0.kind == .ecs }) {
      if !layers.contains(where: { $0.kind == orchestrated.kind }) {
        layers = [orchestrated]
      }
      rest.removeAll { $0.kind == .docker || $0.kind == .podman || $0.kind == .container }
    }
    // An engine without a specific mark uses the name of a format.
    if all.contains(where: { $0.kind != .container }) { rest.removeAll { $0.kind == .container } }
    rest.removeAll { other in layers.contains { $0.kind == other.kind } }
    let kinds = rest.reduce(into: [Kind]()) { if !$0.contains($1.kind) { $0.append($1.kind) } }
    if layers.isEmpty, kinds.count == 1 { return ([rest[0]], []) }
    return kinds.isEmpty ? (layers, []) : ([], layers + rest)
  }

  /// The manager that starts and limits the process, inside a container or without one.
  private static func managers(
    _ evidence: [Evidence]
  ) -> (layers: [Evidence], contradictions: [Evidence]) {
    let groups = evidence.filter { $0.mark.isGroup && !$0.kind.isContainer }
    let variables = evidence.filter { $0.mark.isVariable && !$0.kind.isContainer }
    if let job = (groups + variables).first(where: { $0.kind == .slurm }) {
      // A job can be in the group of the daemon that started it. salloc(1) gives a login session the variables of a
      // job, but not its limits.
      let others = groups.filter { $0.kind != .slurm && !$0.isSlurmDaemon }
      let isCertain = job.mark.isGroup || others.isEmpty
      return isCertain ? ([job], []) : ([], [job] + others)
    }
    // The hierarchies of version 1 may name different units.
    if let group = groups.first { return groups.count == 1 ? ([group], []) : ([], groups) }
    return (variables.filter { $0.kind == .systemService }, [])
  }
}

extension Place.Mark {
  var isGroup: Bool {
    if case .controlGroup = self { return true }
    return false
  }
}

extension Place.Evidence {
  fileprivate var isSlurmDaemon: Bool {
    kind == .systemService && name.map { $0.starts(with: "slurm".utf8) } ?? false
  }
}
