import ShmCore

/// The rows of containers, whose engines set the limits.
extension AdviceTable {
  static let docker = AdviceRow(
    name: "a Docker container",
    resource: """
      start the container with --ulimit $resource=$ulimit (compose: 'ulimits: {$resource: \
      {soft: $value, hard: $value}}')
      """,
    capability: "or with --cap-add IPC_LOCK, as this process runs as root",
    noCapability: "--cap-add IPC_LOCK alone does not reach a process of user $user",
    memory:
      "start the container with --memory=$value, or 'docker update --memory=$value CONTAINER'",
    sharedMemory:
      "start the container with --shm-size=$mebibytesm (compose: 'shm_size: $mebibytesm')",
    hugePages: remotePool,
    filter: "start the container with a --security-opt seccomp=PROFILE that allows mlock")

  static let nerdctl = AdviceRow(
    name: "a container of nerdctl",
    resource: """
      start the container with --ulimit $resource=$ulimit (compose: 'ulimits: {$resource: \
      {soft: $value, hard: $value}}')
      """,
    capability: "or with --cap-add IPC_LOCK, as this process runs as root",
    noCapability: "--cap-add IPC_LOCK alone does not reach a process of user $user",
    memory: "start the container with --memory=$value",
    sharedMemory:
      "start the container with --shm-size=$mebibytesm (compose: 'shm_size: $mebibytesm')",
    hugePages: remotePool,
    filter: "start the container with a --security-opt seccomp=PROFILE that allows mlock")

  static let podman = AdviceRow(
    name: "a Podman container",
    resource: """
      start the container with --ulimit $resource=$ulimit, or set default_ulimits = \
      ["$resource=$ulimit"] in containers.conf and start it again
      """,
    capability: "or start it with --cap-add IPC_LOCK, as this process runs as root",
    noCapability: "--cap-add IPC_LOCK alone does not reach a process of user $user",
    memory: "start the container with --memory=$value",
    sharedMemory: "start the container with --shm-size=$mebibytesm",
    hugePages: remotePool,
    filter: "start the container with a --security-opt seccomp=PROFILE that allows mlock")

  static let kubernetes = AdviceRow(
    name: "a Kubernetes pod",
    resource: """
      pods have no limits of this kind of their own: on the node, set $directive=$setting with \
      'systemctl edit $runtime', restart it, and start the pod again
      """,
    capability: """
      or give the container securityContext.capabilities.add: [IPC_LOCK], as this process runs as \
      root
      """,
    noCapability: """
      securityContext.capabilities.add: [IPC_LOCK] reaches processes that run as root or have it as \
      a file capability, and this process runs as user $user
      """,
    memory: "raise resources.limits.memory of the container to $value",
    sharedMemory: """
      mount a volume 'emptyDir: {medium: Memory, sizeLimit: $mebibytesMi}' at $point of the container
      """,
    hugePages: """
      raise resources.limits.$podpages of the container; if the node has too few: as root on the \
      node, 'echo $pages > $poolfile'
      """,
    filter: "set securityContext.seccompProfile of the container to a profile that allows mlock")

  static let crio = AdviceRow(
    name: "a container of CRI-O",
    resource: """
      on the node, set default_ulimits = ["$resource=$ulimit"] in crio.conf, or \
      $directive=$setting with 'systemctl edit crio.service'; restart crio.service and start the \
      container again
      """,
    memory: "raise the container's memory limit in its Kubernetes or CRI configuration to $value",
    sharedMemory: nil, hugePages: remotePool, filter: nil)

  static let lxc = AdviceRow(
    name: "a container of LXC",
    resource: """
      on the host, set lxc.prlimit.$resource = $value in the container's configuration (LXD and \
      Incus: limits.kernel.$resource), then restart the container
      """,
    memory: """
      on the host, raise lxc.cgroup2.memory.max to $value in the container's configuration (LXD and \
      Incus: limits.memory)
      """,
    sharedMemory: """
      on the host, set 'lxc.mount.entry = tmpfs dev/shm tmpfs size=$mebibytesM,create=dir 0 0' in \
      the container's configuration, then restart the container
      """,
    hugePages: remotePool, filter: "allow mlock in lxc.seccomp.profile of the container")

  static let ecs = AdviceRow(
    name: "a container of Amazon ECS",
    resource: """
      set 'ulimits: [{name: $resource, softLimit: $value, hardLimit: $value}]' in the container \
      definition of the ECS task definition, then start the task again
      """,
    memory: "raise memory of the container definition in the ECS task definition to $mebibytes MiB",
    sharedMemory: """
      set linuxParameters.sharedMemorySize to $mebibytes MiB in the container definition of the ECS \
      task definition
      """,
    hugePages: remotePool, filter: nil)

  static let nspawn = AdviceRow(
    name: "a container of systemd-nspawn",
    resource:
      "on the host, start the container with systemd-nspawn --rlimit=RLIMIT_$RESOURCE=$value:$value",
    memory: "on the host, raise MemoryMax= of the container's unit",
    sharedMemory: nil, hugePages: remotePool,
    filter: "on the host, start the container with systemd-nspawn --system-call-filter=@memlock")

  static let container = AdviceRow(
    name: "a container of $engine", resource: nil, memory: nil, sharedMemory: nil,
    hugePages: remotePool, filter: nil)
}
