import SystemPackage

/// Where a process runs, which decides how a limit is raised.
public enum Circumstances: Sendable, Equatable {
  /// A login shell, or what one has started.
  case shell
  /// A unit of a service manager, by its name as a word of a shell.
  case unit(String)
  /// A container, whose engine sets the limits.
  case container

  /// Tells it by the names of the process's control groups. cgroups(7)
  ///
  /// - Parameter text: /proc/PID/cgroup, every hierarchy of it: a unit need not have a group for
  ///   its memory.
  init(cgroups text: [UInt8]) {
    // hierarchy:controllers:path
    let paths = ProcText.lines(text).compactMap {
      $0.split(separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false).last
    }
    let engines = ["docker", "kubepods", "libpod"]
    for path in paths {
      let names = path.split(separator: UInt8(ascii: "/"))
      if names.contains(where: { name in engines.contains { name.starts(with: $0.utf8) } }) {
        self = .container
        return
      }
      // A session's scope may lie in the unit of the user's own service manager.
      let unit = names.last { Self.ends($0, ".service") || Self.ends($0, ".scope") }
      if let unit, Self.ends(unit, ".service") {
        self = .unit(Escaping.word(Array(unit)))
        return
      }
    }
    let marks = ["/.dockerenv", "/run/.containerenv"]
    self = marks.contains { FileSystem.exists(FilePath($0)) } ? .container : .shell
  }

  private static func ends(_ name: ArraySlice<UInt8>, _ suffix: String) -> Bool {
    name.suffix(suffix.utf8.count).elementsEqual(suffix.utf8)
  }

  /// Of a process; a shell where nothing can be read.
  static func current(_ process: String) -> Circumstances {
    let text = try? FileSystem.contents(of: FilePath("/proc/\(process)/cgroup"))
    return Circumstances(cgroups: text ?? [])
  }
}
