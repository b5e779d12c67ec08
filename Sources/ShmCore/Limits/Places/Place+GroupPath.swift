import SystemPackage

extension Place {
  /// The places that the path of a control group indicates, from the outside inwards.
  ///
  /// Service managers and container engines name the groups that they make. cgroups(7)
  struct GroupPath {
    /// The places along the path, the outermost first.
    private(set) var layers: [Evidence] = []

    private let path: FilePath
    private var manager: UInt32?

    /// Every place in the text of /proc/PID/cgroup, the longest chain first.
    static func evidence(inGroups text: [UInt8]) -> [Evidence] {
      // hierarchy:controllers:path
      let paths = ProcText.lines(text).compactMap { line -> FilePath? in
        let parts = line.split(
          separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
        return parts.count == 3 ? FilePath(bytes: Array(parts[2])) : nil
      }
      let chains = paths.map { GroupPath($0).layers }
      var found = chains.max { $0.count < $1.count } ?? []
      // Different hierarchies can indicate different environments, such as a service and a Slurm job.
      for layer in chains.joined()
      where !found.contains(where: { $0.kind == layer.kind && $0.name == layer.name }) {
        found.append(layer)
      }
      return found
    }

    init(_ path: FilePath) {
      self.path = path
      // The kernel marks the path of a group that was removed, not each of its components.
      let names = FilePath(bytes: KernelPath(path.bytes).withoutMark).components.map { $0.string }
      for (index, name) in names.enumerated() {
        let next = index + 1 < names.count ? names[index + 1] : nil
        if let user = Self.between("user@", name, ".service").flatMap({ UInt32($0) }) {
          manager = user
        } else if let kind = Self.container(name, next) {
          // A process in a container has the limits that the container engine sets, not those of the systemd unit of
          // the engine.
          layers.removeAll { !$0.kind.isContainer }
          if layers.last?.kind == .kubernetes, kind.isRuntime || kind.kind == .kubernetes {
            layers[layers.count - 1] = evidence(.kubernetes, kind.runtime)
          } else {
            layers.append(evidence(kind.kind, kind.runtime))
          }
        } else if let job = Self.job(name, in: names[..<index]) {
          layers.removeAll { !$0.kind.isContainer && $0.kind != .slurm }
          layers.append(evidence(.slurm, job))
        } else if let kind = unit(name) {
          layers.removeAll { !$0.kind.isContainer }
          layers.append(evidence(kind, name))
        }
      }
    }

    private func evidence(_ kind: Kind, _ name: String?) -> Evidence {
      Evidence(
        kind: kind, mark: .controlGroup(path), name: name.map { Array($0.utf8) },
        manager: kind == .desktop || kind == .userService ? manager : nil)
    }

    /// A unit of a service manager.
    private func unit(_ name: String) -> Kind? {
      if Self.between("session-", name, ".scope") != nil { return .login }
      if name.hasSuffix(".scope"), manager != nil {
        return name.hasPrefix("app-") || name.hasPrefix("vte-spawn-") ? .desktop : nil
      }
      guard name.hasSuffix(".service"), name.utf8.count > 8 else { return nil }
      if manager != nil { return .userService }
      return Self.cronUnits.contains(name) ? .cron : .systemService
    }

    private static let cronUnits: Set = [
      "cron.service", "crond.service", "cronie.service", "fcron.service", "anacron.service",
      "atd.service",
    ]

    /// The meaning of an engine's name of a group.
    private struct Engine {
      let kind: Kind
      /// The unit that starts the containers of Kubernetes on the node.
      var runtime: String?
      /// Whether the name is the runtime's own: within the groups of Kubernetes it is no other place.
      var isRuntime = false
    }

    private static func container(_ name: String, _ next: String?) -> Engine? {
      if name.contains("kubepods") { return Engine(kind: .kubernetes) }
      if name.contains("cri-containerd") {
        return Engine(kind: .kubernetes, runtime: "containerd.service", isRuntime: true)
      }
      if name.hasPrefix("systemd-nspawn@"), next == "payload" { return Engine(kind: .nspawn) }
      if name.hasSuffix(".service") || name.hasSuffix(".slice") || name.contains("conmon") {
        return nil
      }
      if name.hasPrefix("crio-") {
        return Engine(kind: .crio, runtime: "crio.service", isRuntime: true)
      }
      if name.hasPrefix("docker-") {
        return Engine(kind: .docker, runtime: "docker.service", isRuntime: true)
      }
      if name.hasPrefix("nerdctl-") { return Engine(kind: .nerdctl) }
      if name.hasPrefix("libpod-") { return Engine(kind: .podman) }
      if name.hasPrefix("lxc.payload") { return Engine(kind: .lxc) }
      guard let next else { return nil }
      switch name {
      case "docker": return Engine(kind: .docker)
      case "default" where isIdentifier(next): return Engine(kind: .nerdctl)
      case "lxc": return Engine(kind: .lxc)
      case "ecs": return Engine(kind: .ecs)
      default: return nil
      }
    }

    /// The number of a job: `slurmstepd.scope/job_5` of version 2, `slurm/uid_1000/job_5` of version 1.
    private static func job(_ name: String, in outer: ArraySlice<String>) -> String? {
      guard name.hasPrefix("job_"),
        outer.contains(where: { $0 == "slurmstepd.scope" || $0.hasPrefix("slurm") })
      else { return nil }
      return String(name.dropFirst(4))
    }

    private static func isIdentifier(_ name: String) -> Bool {
      name.utf8.count == 64 && name.utf8.allSatisfy { "0123456789abcdef".utf8.contains($0) }
    }

    private static func between(_ prefix: String, _ name: String, _ suffix: String) -> String? {
      guard name.hasPrefix(prefix), name.hasSuffix(suffix),
        name.utf8.count > prefix.utf8.count + suffix.utf8.count
      else { return nil }
      return String(name.dropFirst(prefix.count).dropLast(suffix.count))
    }
  }
}
