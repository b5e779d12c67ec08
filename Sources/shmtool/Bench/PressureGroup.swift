import Glibc
import ShmCore
import SystemPackage

/// A memory control group of a measurement, removed with its owner. cgroups(7)
struct PressureGroup: ~Copyable {
  private let directory: FilePath

  /// Creates a group with a limit, below the innermost group of this process that allows it.
  ///
  /// - Parameter limit: the memory of the group, in bytes.
  /// - Throws: `ShmError` of kind `notPermitted` if no group can be created.
  init(limit: Int) throws(ShmError) {
    guard let directory = Self.create(limit) else {
      throw ShmError(
        .notPermitted, BenchCall.attempt, "no memory control group can be created",
        remedy: "run as root, with a memory control group that is mounted writable")
    }
    self.directory = directory
  }

  /// rmdir(2) fails as long as a process that ended is still in the group.
  deinit {
    let deadline = Deadline(after: .seconds(2))
    while (try? FileSystem.removeDirectory(directory)) == nil, !deadline.hasPassed {
      Waiter.pause(.milliseconds(5))
    }
  }

  /// Moves a process into the group. The memory that it allocates afterwards counts.
  func add(_ process: pid_t) throws(ShmError) {
    let file = directory.appending("cgroup.procs")
    try BenchCall.run { () throws(Errno) in
      try Self.write("\(process)", to: file)
    }
  }

  private static func create(_ limit: Int) -> FilePath? {
    guard let name = FilePath.Component("shmtool-bench-\(getpid())") else { return nil }
    for parent in ControlGroups().chain(for: "memory") {
      let directory = parent.directory.appending(name)
      let file = parent.version == 2 ? "memory.max" : "memory.limit_in_bytes"
      do throws(Errno) {
        try FileSystem.makeDirectory(directory, mode: 0o755)
      } catch {
        continue
      }
      do throws(Errno) {
        try write("\(limit)", to: directory.appending(file))
        return directory
      } catch {
        // The parent passes no memory controller on, or the file is not writable.
        try? FileSystem.removeDirectory(directory)
      }
    }
    return nil
  }

  private static func write(_ text: String, to path: FilePath) throws(Errno) {
    let file = try FileSystem.open(path, O_WRONLY)
    var bytes = Array(text.utf8)
    _ = try unsafe bytes.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
      try unsafe OwnedDescriptor.write(file.raw, from: UnsafeRawBufferPointer(buffer))
    }
  }
}
