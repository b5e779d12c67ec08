import SystemPackage

extension Place {
  /// Collects the evidence for the environment of a process: the one table from evidence to kinds of environments.
  /// Control groups have a separate table, `GroupPath`.
  struct Signs {
    /// The evidence that was found.
    private(set) var evidence: [Evidence] = []

    /// Files that engines put into a container's root directory.
    private static let files: [(path: FilePath, kind: Kind)] = [
      ("/.dockerenv", .docker), ("/run/.containerenv", .podman),
      ("/run/secrets/kubernetes.io/serviceaccount/token", .kubernetes),
      ("/var/run/secrets/kubernetes.io/serviceaccount/token", .kubernetes),
    ]

    /// Variables that managers set for their processes, the most specific first.
    private static let variables: [(name: String, kind: Kind)] = [
      ("KUBERNETES_SERVICE_HOST", .kubernetes), ("ECS_CONTAINER_METADATA_URI_V4", .ecs),
      ("ECS_CONTAINER_METADATA_URI", .ecs), ("SLURM_JOB_ID", .slurm),
      ("INVOCATION_ID", .systemService),
    ]

    /// The value of `container` in the environment of process 1. systemd.io/CONTAINER_INTERFACE
    private static let engines: [String: Kind] = [
      "docker": .docker, "podman": .podman, "lxc": .lxc, "lxc-libvirt": .lxc,
      "systemd-nspawn": .nspawn,
    ]

    /// Inspects a process.
    ///
    /// - Parameters:
    ///   - process: its number; nil for this one.
    ///   - facts: the facts about it.
    ///   - environment: the value of a variable of this process.
    init(of process: Int32?, _ facts: Facts, _ environment: (String) -> [UInt8]?) {
      let directory = process.map { FilePath("/proc/\($0)") } ?? "/proc/self"
      lookAtKernel()
      if facts.isInInitialNamespace == false {
        add(.userNamespace, .userNamespace(map: facts.userMap))
      }
      let root = process == nil ? FilePath("/") : directory.appending("root")
      for (path, kind) in Self.files where FileSystem.exists(root.appending(path.components)) {
        if !evidence.contains(where: { $0.kind == kind }) { add(kind, .file(path)) }
      }
      lookAtContainerName(root, isOwn: facts.isOwn)
      if process == nil {
        lookAtVariables(environment)
      } else {
        let text = (try? FileSystem.contents(of: directory.appending("environ"))) ?? []
        lookAtVariables { Self.variable($0, in: text) }
      }
      let groups = (try? FileSystem.contents(of: directory.appending("cgroup"))) ?? []
      for found in GroupPath.evidence(inGroups: groups) where !evidence.contains(found) {
        evidence.append(found)
      }
      if facts.hasTerminal == true { add(.login, .terminal) }
    }

    /// WSL has its own kernel, whose version contains "microsoft".
    private mutating func lookAtKernel() {
      for path in ["/proc/sys/kernel/osrelease", "/proc/version"] as [FilePath] {
        guard let text = try? FileSystem.contents(of: path),
          let line = ProcText.lines(text).first
        else { continue }
        let release = String(decoding: line, as: UTF8.self)
        if release.lowercased().contains("microsoft") {
          return add(.wsl, .kernel(Escaping.printable(release)))
        }
      }
    }

    /// The engine's name in the environment of process 1. systemd copies it to a file that other users can read.
    private mutating func lookAtContainerName(_ root: FilePath, isOwn: Bool) {
      var name: [UInt8]?
      var mark: Mark?
      if isOwn, let text = try? FileSystem.contents(of: "/proc/1/environ"),
        let value = Self.variable("container", in: text)
      {
        name = value
        mark = .initEnvironment("container=" + Escaping.printable(value))
      } else if let text = try? FileSystem.contents(
        of: root.appending("run/systemd/container"))
      {
        name = ProcText.lines(text).first.map { Array($0) }
        mark = .file("/run/systemd/container")
      }
      guard let name, let mark, !name.isEmpty else { return }
      let kind = Self.engines[String(decoding: name, as: UTF8.self)]
      evidence.append(
        Evidence(
          kind: kind ?? .container, mark: mark, name: kind == nil ? name : nil, manager: nil))
    }

    private mutating func lookAtVariables(_ environment: (String) -> [UInt8]?) {
      for (name, kind) in Self.variables {
        guard let value = environment(name), !value.isEmpty,
          !evidence.contains(where: { $0.kind == kind && $0.mark.isVariable })
        else { continue }
        evidence.append(
          Evidence(
            kind: kind, mark: .environment(name), name: kind == .slurm ? value : nil, manager: nil))
      }
    }

    private mutating func add(_ kind: Kind, _ mark: Mark) {
      evidence.append(Evidence(kind: kind, mark: mark, name: nil, manager: nil))
    }

    /// The value of a variable in the text of /proc/PID/environ, whose entries end with NUL.
    static func variable(_ name: String, in text: [UInt8]) -> [UInt8]? {
      let prefix = Array((name + "=").utf8)
      return text.split(separator: 0).first { $0.starts(with: prefix) }
        .map { Array($0.dropFirst(prefix.count)) }
    }
  }
}

extension Place.Mark {
  /// Whether it is a variable, which processes inherit from each other and keep in other places.
  var isVariable: Bool {
    if case .environment = self { return true }
    return false
  }
}
