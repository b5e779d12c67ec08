public import SystemPackage

/// The environment in which a process runs, derived from evidence. It determines how its limits are raised.
///
/// ```swift
/// let place = Place.current()
/// for sign in place.evidence { print(sign.kind, sign.mark) }
/// print(place.kind ?? .unknown)
/// ```
public struct Place: Hashable, Sendable {
  /// A kind of place. The raw value is its name for programs.
  public enum Kind: String, Sendable, CaseIterable {
    /// A login session of a terminal, of ssh or of su.
    case login
    /// A terminal or an application of a desktop, which the user's service manager starts.
    case desktop
    /// A service of the system's service manager.
    case systemService = "system_service"
    /// A service of a user's service manager.
    case userService = "user_service"
    /// A job of cron or at.
    case cron
    /// A job of Slurm.
    case slurm
    /// A Docker container.
    case docker
    /// A container of containerd that nerdctl has started.
    case nerdctl
    /// A Podman container.
    case podman
    /// A pod of Kubernetes.
    case kubernetes
    /// A container of CRI-O outside of Kubernetes.
    case crio
    /// A container of LXC, LXD or Incus.
    case lxc
    /// A container of Amazon ECS.
    case ecs
    /// A container of systemd-nspawn.
    case nspawn
    /// A container of another engine.
    case container
    /// The Windows Subsystem for Linux 2.
    case wsl
    /// A user namespace other than the first one.
    case userNamespace = "user_namespace"
    /// Nothing that was seen tells the place.
    case unknown

    /// Whether an engine sets the limits of processes there.
    public var isContainer: Bool {
      switch self {
      case .docker, .nerdctl, .podman, .kubernetes, .crio, .lxc, .ecs, .nspawn, .container: true
      default: false
      }
    }
  }

  /// Something that was seen.
  public enum Mark: Hashable, Sendable {
    /// A control group of the process, by its path.
    case controlGroup(FilePath)
    /// A file in the root directory of the process.
    case file(FilePath)
    /// A variable in the environment of the process, by its name.
    case environment(String)
    /// A variable in the environment of process 1, as `NAME=VALUE`.
    case initEnvironment(String)
    /// The release of the kernel.
    case kernel(String)
    /// The process has a controlling terminal.
    case terminal
    /// The user namespace: the text of the uid map, `0 1000 1`; nil if it could not be read.
    case userNamespace(map: String?)
  }

  /// A mark and the kind of place that it points to.
  public struct Evidence: Hashable, Sendable {
    /// The kind of place.
    public let kind: Kind
    /// The findings.
    public let mark: Mark
    /// The name of the unit, the job, the engine or the container runtime; nil if the mark has none.
    public let name: [UInt8]?

    /// The name as text that is safe for a terminal and for one line; nil if the mark has none.
    public var displayName: String? { name.map { Escaping.printable($0) } }

    /// The user whose service manager started the process; nil for all other kinds.
    public let manager: UInt32?
  }

  /// The evidence.
  public let evidence: [Evidence]
  /// The places that lie inside each other, the outermost first; empty if nothing tells the place, or
  /// if the marks contradict each other.
  public let layers: [Evidence]
  /// Marks that contradict each other; empty if they agree.
  public let contradictions: [Evidence]
  /// What was read of the process.
  package let process: Facts

  /// The innermost place, whose manager sets the limits of the process.
  public var kind: Kind { layers.last?.kind ?? .unknown }

  /// The innermost container; nil outside of containers.
  public var container: Evidence? { layers.last { $0.kind.isContainer } }

  /// Whether capabilities count for the process: it is in the first user namespace. nil if unknown.
  public var isInInitialNamespace: Bool? { process.isInInitialNamespace }

  /// The places that the path of a control group tells, the outermost first.
  package static func layers(ofGroup path: FilePath) -> [Evidence] {
    GroupPath(path).layers
  }

  /// The place of a process, now.
  ///
  /// - Parameters:
  ///   - process: its number; nil for this one.
  ///   - environment: the value of a variable in the environment of this process. Another process's
  ///     environment is read from /proc, if that is permitted.
  /// - Returns: what could be seen.
  public static func current(
    of process: Int32? = nil, environment: (String) -> [UInt8]? = { _ in nil }
  ) -> Place {
    let facts = Facts.current(of: process)
    return Place(facts, Signs(of: process, facts, environment).evidence)
  }
}
