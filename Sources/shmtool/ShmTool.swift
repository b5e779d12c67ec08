import ArgumentParser

/// The command tree, and nothing else.
@main
struct ShmTool: ParsableCommand {
  static let configuration = CommandConfiguration(
    // Each command says its name: one that is made from the type's costs a twentieth of the start.
    commandName: "shmtool",
    abstract: "Create, map, fill, wire and inspect shared memory.",
    discussion: """
      A region is named by its POSIX name (cache, /cache), a path with a further slash \
      (/mnt/huge/x, ./x, file:PATH), a process's descriptor (pid:PID:FD) or a System V segment \
      (sysv:ID). Any of these can be percent-encoded: bytes:a%20b.
      Sizes: 4096, 64K = 64KiB, 64KB = 64000, M G T likewise, 16p = pages.

      Exit codes: 0 done, 1 the answer is no, 2 the answer is unknown (limits --need), 64 usage or a size that does not fit, 65 corrupt or incompatible, 66 not found, \
      69 the peer died, 70 a defect of this program, 71 another system error, 73 exists already, \
      74 input/output error, 75 busy, 76 the peer aborted, 77 not permitted, 78 a limit refuses \
      the wiring, 79 no space, 124 timed out, 126 CMD cannot run, 127 CMD not found, 128+n signal n.
      """,
    version: "shmtool \(Version.current)",
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
      CommandGroup(name: "Wiring", subcommands: [Wire.self, Unwire.self, Limits.self]),
      CommandGroup(name: "Transfer", subcommands: [Send.self, Recv.self]),
    ])

  static func main() {
    Program.run()
  }
}
