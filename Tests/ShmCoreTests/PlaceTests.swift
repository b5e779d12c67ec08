import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("The place of a process")
struct PlaceTests {
  /// The facts about a process of root in the first user namespace.
  private static func facts(namespace: Bool? = true, map: String? = nil) -> Place.Facts {
    Place.Facts(
      process: 5, isOwn: true, parent: 4, user: 0, isWiringPermitted: false,
      isWiringBounding: false, isInInitialNamespace: namespace, userMap: map, isFiltered: false,
      hasTerminal: false)
  }

  private static func place(_ group: String, _ marks: [(Place.Kind, Place.Mark)] = []) -> Place {
    let evidence = marks.map { Place.Evidence(kind: $0, mark: $1, name: nil, manager: nil) }
    return Place(
      facts(), evidence + Place.GroupPath.evidence(inGroups: bytes("0::\(group)\n")))
  }

  @Test(
    "the place is derived from the names of the control groups",
    arguments: [
      ("/system.slice/db.service", [.systemService], "db.service"),
      ("/system.slice/db.service/workers", [.systemService], "db.service"),
      ("/system.slice/db.service (deleted)", [.systemService], "db.service"),
      ("/system.slice/db.service/workers (deleted)", [.systemService], "db.service"),
      ("/system.slice/db.service (deleted)/workers", [], nil),
      ("/system.slice/db.service (deleted) (deleted)", [], nil),
      (
        "/system.slice/system-getty.slice/getty@tty1.service", [.systemService],
        "getty@tty1.service"
      ),
      ("/system.slice/docker.service", [.systemService], "docker.service"),
      ("/system.slice/cron.service", [.cron], "cron.service"),
      ("/system.slice/crond.service", [.cron], "crond.service"),
      ("/user.slice/user-1000.slice/session-2.scope", [.login], "session-2.scope"),
      ("/user.slice/user-1000.slice/session-c1.scope", [.login], "session-c1.scope"),
      (
        "/user.slice/user-1000.slice/user@1000.service/app.slice/vte-spawn-1.scope", [.desktop],
        "vte-spawn-1.scope"
      ),
      (
        "/user.slice/user-1000.slice/user@1000.service/app.slice/app-konsole-12.scope", [.desktop],
        "app-konsole-12.scope"
      ),
      (
        "/user.slice/user-1000.slice/user@1000.service/app.slice/mpd.service", [.userService],
        "mpd.service"
      ),
      ("/user.slice/user-1000.slice/user@1000.service/init.scope", [], nil),
      (
        "/user.slice/user-1000.slice/user@1000.service/user.slice/libpod-1a.scope/container",
        [.podman], nil
      ),
      ("/machine.slice/libpod-1a.scope/container", [.podman], nil),
      ("/machine.slice/libpod-conmon-1a.scope", [], nil),
      ("/docker/0123abcd", [.docker], nil),
      ("/system.slice/docker-0123abcd.scope", [.docker], "docker.service"),
      ("/docker/0123abcd/system.slice/db.service", [.docker, .systemService], "db.service"),
      ("/default/" + String(repeating: "0a", count: 32), [.nerdctl], nil),
      ("/default/other", [], nil),
      ("/system.slice/nerdctl-01.scope", [.nerdctl], nil),
      (
        "/kubepods.slice/kubepods-burstable.slice/kubepods-pod1.slice/cri-containerd-1.scope",
        [.kubernetes], "containerd.service"
      ),
      ("/kubepods.slice/kubepods-pod1.slice/crio-1.scope", [.kubernetes], "crio.service"),
      ("/kubepods.slice/kubepods-pod1.slice/docker-1.scope", [.kubernetes], "docker.service"),
      ("/kubepods/burstable/pod1/0a", [.kubernetes], nil),
      ("/kubepods/burstable/pod1/0a/docker/0b", [.kubernetes, .docker], nil),
      (
        "/docker/0a/kubelet.slice/kubelet-kubepods.slice/cri-containerd-1.scope",
        [.docker, .kubernetes], "containerd.service"
      ),
      ("/system.slice/k3s.service/kubepods/pod1/0a", [.kubernetes], nil),
      ("/machine.slice/crio-1.scope", [.crio], "crio.service"),
      ("/lxc/web/user.slice", [.lxc], nil), ("/lxc.payload.web/init.scope", [.lxc], nil),
      ("/ecs/0a/0b", [.ecs], nil),
      ("/machine.slice/systemd-nspawn@web.service/payload/init.scope", [.nspawn], nil),
      ("/system.slice/slurmstepd.scope/job_5/step_0/user/task_0", [.slurm], "5"),
      ("/slurm/uid_1000/job_77/step_batch", [.slurm], "77"),
      ("/system.slice/x.service/job_5", [.systemService], "x.service"),
      ("/", [], nil), ("", [], nil), ("/.service", [], nil), ("/docker", [], nil),
    ] as [(String, [Place.Kind], String?)])
  func groups(_ path: String, _ kinds: [Place.Kind], _ name: String?) {
    let place = Self.place(path)
    #expect(place.layers.map(\.kind) == kinds)
    #expect(place.layers.last?.name == name.map { bytes($0) })
    #expect(place.kind == kinds.last ?? .unknown && place.contradictions.isEmpty)
  }

  @Test("with version 1 the hierarchy with the most evidence decides the place")
  func hierarchies() {
    func kinds(_ text: String) -> [Place.Kind] {
      let place = Place(Self.facts(), Place.GroupPath.evidence(inGroups: bytes(text)))
      return place.contradictions.isEmpty ? place.layers.map(\.kind) : [.unknown, .unknown]
    }
    #expect(
      kinds("4:memory:/\n9:name=systemd:/system.slice/db.service\n0::/\n") == [.systemService])
    #expect(kinds("4:memory:/docker/0a\n9:name=systemd:/docker/0a\n0::/\n") == [.docker])
    #expect(
      kinds("4:memory:/slurm/uid_0/job_1\n1:name=systemd:/system.slice/slurmd.service\n")
        == [.slurm])
    #expect(
      kinds("4:memory:/system.slice/a.service\n1:name=systemd:/system.slice/b.service\n")
        == [.unknown, .unknown])
    #expect(kinds("") == [] && kinds("0") == [] && kinds("0:/system.slice/a.service") == [])
  }

  @Test("of nested places the innermost is reported, and contradictory evidence is unknown")
  func combinations() {
    func kinds(_ group: String, _ marks: (Place.Kind, Place.Mark)...) -> [Place.Kind]? {
      let place = Self.place(group, marks)
      return place.contradictions.isEmpty ? place.layers.map(\.kind) : nil
    }
    let dockerFile = (Place.Kind.docker, Place.Mark.file("/.dockerenv"))
    let podmanFile = (Place.Kind.podman, Place.Mark.file("/run/.containerenv"))
    let token = (Place.Kind.kubernetes, Place.Mark.file("/run/secrets/x/token"))
    let host = (Place.Kind.kubernetes, Place.Mark.environment("KUBERNETES_SERVICE_HOST"))
    let job = (Place.Kind.slurm, Place.Mark.environment("SLURM_JOB_ID"))
    let unit = (Place.Kind.systemService, Place.Mark.environment("INVOCATION_ID"))
    let terminal = (Place.Kind.login, Place.Mark.terminal)
    let session = "/user.slice/user-1000.slice/session-2.scope"
    let oci = (Place.Kind.container, Place.Mark.initEnvironment("container=oci"))
    #expect(kinds("/", dockerFile) == [.docker])
    #expect(kinds("/", dockerFile, terminal) == [.docker])
    #expect(kinds("/", terminal) == [.login])
    #expect(kinds("/", dockerFile, token) == [.kubernetes])
    #expect(kinds("/", dockerFile, host) == [.kubernetes])
    #expect(kinds("/kubepods/pod1/0a", dockerFile) == [.kubernetes])
    #expect(kinds("/kubepods/pod1/0a", podmanFile, host) == [.kubernetes])
    #expect(kinds("/", podmanFile, oci) == [.podman])
    #expect(kinds("/", oci) == [.container])
    #expect(kinds("/docker/0a", dockerFile) == [.docker])
    #expect(kinds("/system.slice/db.service", dockerFile) == [.docker, .systemService])
    #expect(kinds("/", dockerFile, job) == [.docker, .slurm])
    #expect(kinds("/", job) == [.slurm] && kinds("/", unit) == [.systemService])
    #expect(kinds("/system.slice/db.service", unit) == [.systemService])
    #expect(kinds(session, unit) == [.login])
    #expect(kinds("/system.slice/slurmd.service", job) == [.slurm])
    // salloc(1) on a login node; leftovers in the environment; two engines.
    #expect(kinds(session, job) == nil && kinds(session, host) == nil)
    #expect(kinds("/", dockerFile, podmanFile) == nil)
    #expect(kinds("/machine.slice/libpod-0a.scope", dockerFile) == nil)
    #expect(kinds("/") == [])
  }

  @Test("the uid map shows whether the process is in a user namespace")
  func maps() {
    #expect(
      Place.Facts.userMap(
        bytes("         0       1000          1\n         1     100000      65536\n"))
        == "0 1000 1, 1 100000 65536")
    let own = Place.current()
    #expect(own.process.userMap?.isEmpty == false && own.process.isInInitialNamespace != nil)
    #expect(own.process.process == ProcessNumber.own)
  }

  @Test("the process's entry in /proc shows whether it has a terminal")
  func terminals() {
    #expect(Place.Facts.hasTerminal(bytes("7 (a) b) S 1 7 7 34816 7 4194560 0")) == true)
    #expect(Place.Facts.hasTerminal(bytes("7 (a b) S 1 7 7 0 -1 4194560 0")) == false)
    #expect(Place.Facts.hasTerminal(bytes("7 (a")) == nil && Place.Facts.hasTerminal([]) == nil)
  }

  @Test("the environment of another process is parsed byte by byte")
  func variables() {
    let text = bytes("A=1\0SLURM_JOB_ID=5\0NOSLURM_JOB_ID=6\0E=\0")
    #expect(Place.Signs.variable("SLURM_JOB_ID", in: text) == bytes("5"))
    #expect(Place.Signs.variable("E", in: text) == [])
    #expect(Place.Signs.variable("JOB_ID", in: text) == nil)
  }

  @Test("without a known place the advice on a limit has the required value")
  func general() {
    func text(_ limit: LimitShortage.Limit, _ needed: Int?) -> String {
      "\(LimitShortage(limit, needed: needed))"
    }
    #expect(
      text(.resource(.memlock, hard: 0), 65536)
        == "raise the memlock limit (RLIMIT_MEMLOCK) to 65536 bytes where this process is started")
    #expect(
      text(.memoryGroup(version: 1, path: "/a", file: "memory.memsw.limit_in_bytes"), 5)
        == "raise memory.memsw.limit_in_bytes of control group /a to 5 bytes")
    #expect(
      text(.memoryGroup(version: 2, path: "/a", file: "memory.high"), nil)
        == "raise memory.high of control group /a")
    #expect(
      text(.fileSystem("/dev/shm"), 5)
        == "enlarge the tmpfs at /dev/shm to 5 bytes (its mount option size=)")
    #expect(
      text(.hugePages(pageSize: 2 << 20), 9) == "enlarge the pool of huge pages of 2 MiB to 9 pages"
    )
  }
}
