import ArgumentParser

/// The command tree, and nothing else.
@main
struct ShmTool: DocumentedCommand {
  /// The name of the program.
  static let name = "shmtool"

  static let configuration = CommandConfiguration(
    // Each command says its name: one that is made from the type's costs a twentieth of the start.
    commandName: name,
    abstract: "Create, fill, inspect, wire and transfer shared memory",
    usage: "shmtool COMMAND [OPTIONS] [OPERANDS]",
    discussion: """
      A region is memory that processes share: a POSIX object, a memfd, a file on tmpfs or \
      hugetlbfs, or a System V segment. A wired region is locked in RAM with mlock. A stream moves data from a sender to \
      receivers through a ring in shared memory.

      REGION is one of:
        NAME, /NAME          a POSIX object, which is a file in /dev/shm
        DIR/FILE, file:PATH  a file, by a path with a further slash or by any path
        pid:PID:FD           a file that a process has open, such as a memfd
        sysv:ID              a System V segment, for list, inspect and remove
        bytes:TEXT           one of these, percent-encoded (bytes:a%20b)

      SIZE and OFFSET are written 4096, 64K = 64KiB = 65536, 64KB = 64000 (M, G and T likewise), or \
      16p = 16 pages. DURATION is written 250ms, 5s (or 5), 2m or 1h.

      'shmtool help COMMAND' describes a command.
      """,
    version: VersionOption.text,
    groupedSubcommands: [
      CommandGroup(
        name: "Regions",
        subcommands: [
          Create.self, List.self, Inspect.self, Resize.self, Seal.self, Remove.self,
        ]),
      CommandGroup(
        name: "Contents",
        subcommands: [
          Fill.self, Verify.self, Read.self, Write.self, Copy.self, Wait.self,
        ]),
      CommandGroup(name: "Mapping", subcommands: [Map.self]),
      CommandGroup(
        name: "Wiring", subcommands: [Wire.self, Unwire.self, Limits.self, Advise.self]),
      CommandGroup(name: "Transfer", subcommands: [Send.self, Recv.self]),
      CommandGroup(name: "Measurement", subcommands: [Bench.self]),
    ])

  static let examples = [
    "shmtool create cache 64M",
    "shmtool list",
    "shmtool wire cache -- ./server",
    "shmtool send backup -- tar c /data",
  ]

  static func main() {
    Program.run()
  }
}

extension CommandConfiguration {
  /// The configuration of a command below the program.
  ///
  /// It has the name of the program as the parent's, so the parser skips its completion option. That search takes a tenth
  /// of the start; `CompletionScript` answers the option.
  init(
    subcommand name: String, abstract: String, usage: String, discussion: String,
    aliases: [String] = []
  ) {
    self.init(
      commandName: name, _superCommandName: ShmTool.name, abstract: abstract, usage: usage,
      discussion: discussion, version: VersionOption.text, aliases: aliases)
  }
}
