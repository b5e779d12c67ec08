import ShmCore

/// The one table of what raises a limit in each kind of place.
///
/// Sources: systemd.exec(5), systemd.resource-control(5), limits.conf(5), user@.service(5), the
/// references of docker run, compose, podman-run(1), containers.conf(5), slurm.conf(5), Kubernetes
/// (volumes, securityContext, huge pages), lxc.container.conf(5), ECS task definitions.
enum AdviceTable {
  /// The row of a place.
  static func row(_ kind: Place.Kind) -> AdviceRow {
    rows[kind] ?? unknown
  }

  private static let rows: [Place.Kind: AdviceRow] = [
    .login: login, .desktop: desktop, .systemService: systemService, .userService: userService,
    .cron: cron, .slurm: slurm, .docker: docker, .nerdctl: nerdctl, .podman: podman,
    .kubernetes: kubernetes, .crio: crio, .lxc: lxc, .ecs: ecs, .nspawn: nspawn,
    .container: container, .wsl: wsl, .userNamespace: userNamespace,
  ]

  static let remount = "as root: 'mount -o remount,size=$mebibytesM $point'"
  static let pool = "as root: 'echo $pages > $poolfile'"
  static let remotePool = "as root on the $host: 'echo $pages > $poolfile'"
  private static let atOnce =
    "or as root, at once: 'prlimit --pid $pid --$resource=$value:$value'"
  /// A user service whose manager has a limit that is high enough.
  static let ownUnit = """
    set $directive=$setting with 'systemctl --user edit $unit', then 'systemctl --user restart $unit'
    """
  private static let unitMemory = "as root: 'systemctl set-property $group $memory=$value'"
  private static let unitFilter =
    "allow @memlock in SystemCallFilter= with 'systemctl edit $unit', then 'systemctl restart $unit'"

  private static let login = AdviceRow(
    name: "a login session",
    resource: """
      as root: add the line '$user - $resource $units' to a file in /etc/security/limits.d, \
      then log in again
      """,
    atOnce: atOnce, memory: unitMemory, sharedMemory: remount,
    hugePages: pool, filter: nil)

  private static let desktop = AdviceRow(
    name: "a terminal or application of a desktop",
    resource: """
      as root: set $directive=$setting with 'systemctl edit user@$uid.service', then end every \
      session of the user and log in again (limits.conf does not reach it)
      """,
    atOnce: atOnce, memory: unitMemory, sharedMemory: remount,
    hugePages: pool, filter: nil)

  private static let systemService = AdviceRow(
    name: "the system service $unit",
    resource:
      "set $directive=$setting with 'systemctl edit $unit', then 'systemctl restart $unit'",
    memory: unitMemory, sharedMemory: remount, hugePages: pool, filter: unitFilter)

  private static let userService = AdviceRow(
    name: "the user service $unit",
    resource: """
      as root: set $directive=$setting with 'systemctl edit user@$uid.service', then end every \
      session of the user and log in again, because the user's manager grants no more than its own \
      limit; then set $directive=$setting with 'systemctl --user edit $unit' and \
      'systemctl --user restart $unit'
      """,
    memory: "'systemctl --user set-property $group $memory=$value'", sharedMemory: remount,
    hugePages: pool,
    filter: """
      allow @memlock in SystemCallFilter= with 'systemctl --user edit $unit', then \
      'systemctl --user restart $unit'
      """)

  private static let cron = AdviceRow(
    name: "a job of $unit",
    resource: """
      as root: set $directive=$setting with 'systemctl edit $unit', then 'systemctl restart \
      $unit'; if PAM sets the limits of jobs (pam_limits in /etc/pam.d), add the line \
      '$user - $resource $units' to a file in /etc/security/limits.d instead
      """,
    memory: unitMemory, sharedMemory: remount, hugePages: pool, filter: unitFilter)

  private static let slurm = AdviceRow(
    name: "a job of Slurm",
    resource: """
      on the node, as root: set $directive=$setting with 'systemctl edit slurmd.service', then \
      'systemctl restart slurmd.service', and PropagateResourceLimitsExcept=$RESOURCE in slurm.conf; \
      then submit the job again (limits.conf has no effect)
      """,
    memory: "submit the job with --mem=$mebibytesM",
    sharedMemory: "on the node, as root: 'mount -o remount,size=$mebibytesM $point'",
    hugePages: "on the node, as root: 'echo $pages > $poolfile'", filter: nil)

  private static let wsl = AdviceRow(
    name: "the Windows Subsystem for Linux",
    resource: """
      as root: 'prlimit --pid $pid --$resource=$value:$value' (limits.conf is not read for the \
      first shell)
      """,
    memory: "raise memory= under [wsl2] in .wslconfig, then 'wsl --shutdown'",
    sharedMemory: remount, hugePages: pool, filter: nil)

  private static let userNamespace = AdviceRow(
    name: "a user namespace", resource: nil, memory: nil, sharedMemory: nil,
    hugePages: "as root outside of the user namespace: 'echo $pages > $poolfile'", filter: nil)

  /// The row for an unknown place: not in a container, and started by any service manager.
  static let unknown = AdviceRow(
    name: "an unknown environment", resource: nil, memory: nil, sharedMemory: remount,
    hugePages: pool,
    filter: nil)
}
