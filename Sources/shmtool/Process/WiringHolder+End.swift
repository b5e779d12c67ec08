import Glibc
import ShmCore
import SystemPackage

/// The end of a holder: it gets SIGTERM at once and is waited for afterwards, so that several
/// holders end at the same time.
final class HolderEnding {
  let process: Int32
  private let watch: ProcessWatch

  /// Sends SIGTERM to a holder in the background. pidfd_send_signal(2)
  ///
  /// - Throws: `ShmError`: `notFound` if it has ended by itself, `notPermitted`.
  init(_ process: Int32) throws(ShmError) {
    let watch = try ProcessWatch(process)
    // The number may have been given to another process before the watch began.
    let arguments = WiringHolder.arguments(of: FilePath("/proc/\(process)"))
    guard WiringHolder.role(ofArguments: arguments) == .background else {
      throw ShmError(
        .notFound, "cannot end process \(process)", "it is not a background holder")
    }
    try watch.send(SIGTERM)
    self.process = process
    self.watch = watch
  }

  /// Waits until its pages are released.
  ///
  /// - Parameters:
  ///   - deadline: the end of the wait.
  ///   - patience: how long that is, for the message.
  /// - Throws: `ShmError` with code `timedOut`, which says why the process has not ended if that is seen.
  func wait(until deadline: Deadline, patience: Duration) throws(ShmError) {
    if watch.waitForEnd(timeout: deadline.left ?? patience) { return }
    let state = HaltedProcess(process)
    throw ShmError(
      .timedOut, "cannot end process \(process)",
      """
      it did not exit in \(Clock.text(patience)) after SIGTERM\
      \(state.map { ": \($0.reason)" } ?? "")
      """, remedy: state?.remedy)
  }
}

/// The end of the holders of one command. It sends SIGTERM to all holders first, and then waits for all of them with
/// one common timeout.
struct HolderRelease {
  /// The holders of the host, before any of them got SIGTERM.
  let scan: WiringHolder.Scan
  /// The holders whose processes have ended.
  private(set) var released: [WiringHolder] = []

  private let patience: Duration
  private var deadline: Deadline
  private var endings: [HolderEnding] = []
  /// The processes that have not ended, and why. Each is waited for once.
  private var failed: [Int32: ShmError] = [:]

  /// - Parameters:
  ///   - scan: the holders of the host.
  ///   - patience: how long the holders have to end.
  init(_ scan: WiringHolder.Scan, patience: Duration) {
    self.scan = scan
    self.patience = patience
    deadline = Deadline(after: patience)
  }

  /// Sends SIGTERM to the selected background holders.
  mutating func begin(where isMeant: (WiringHolder) -> Bool) {
    let meant = scan.holders.filter { $0.isBackground && isMeant($0) }
    for process in Set(meant.map(\.process)).sorted() {
      do throws(ShmError) {
        endings.append(try HolderEnding(process))
      } catch {
        failed[process] = error
      }
    }
    deadline = Deadline(after: patience)
  }

  /// Waits for the end of processes that got SIGTERM.
  ///
  /// - Returns: the errors of those that have not ended, in the given order.
  mutating func wait(for processes: [Int32]) -> [ShmError] {
    for process in processes {
      guard let index = endings.firstIndex(where: { $0.process == process }) else { continue }
      let ending = endings.remove(at: index)
      do throws(ShmError) {
        try ending.wait(until: deadline, patience: patience)
        released += scan.holders.filter { $0.process == process }
      } catch {
        failed[process] = error
      }
    }
    return processes.compactMap { failed[$0] }
  }
}

extension WiringHolder {
  /// Ends a holder in the background by SIGTERM, and waits until its pages are released. An error says whether it got
  /// the signal to end, and why it has not ended: it is stopped, or frozen.
  ///
  /// - Parameter patience: how long to wait for its end.
  /// - Throws: `ShmError`: `notFound` where it has ended by itself, `notPermitted`, `timedOut`.
  func end(patience: Duration = .seconds(5)) throws(ShmError) {
    let ending = try HolderEnding(process)
    try ending.wait(until: Deadline(after: patience), patience: patience)
  }
}

/// Why a process runs no instruction, and so takes no signal but SIGKILL.
struct HaltedProcess {
  let reason: String
  let remedy: Remedy?

  /// nil if it is not known to be halted.
  init?(_ process: Int32) {
    if let group = FreezerGroup.frozen(process) {
      reason = "it is frozen in the control group \(Escaping.printable(group.bytes))"
      remedy = "it exits when the group is thawed"
      return
    }
    switch ProcessStatus.state(of: process) {
    case UInt8(ascii: "T"):
      reason = "it is stopped"
      remedy = "it exits when it is continued: 'kill -CONT \(process)'"
    case UInt8(ascii: "t"):
      reason = "it is stopped by a debugger"
      remedy = nil
    case UInt8(ascii: "D"):
      reason = "it waits for the kernel (state D)"
      remedy = nil
    default: return nil
    }
  }
}

/// The freezer of control groups. cgroups(7)
enum FreezerGroup {
  /// The group in which a process is frozen, itself or by a group above; nil if it is not, as far as can
  /// be seen.
  static func frozen(_ process: Int32) -> FilePath? {
    let text = (try? FileSystem.contents(of: FilePath("/proc/\(process)/cgroup"))) ?? []
    let mounts = MountTable.current().mounts
    for line in ProcText.lines(text) {
      // hierarchy:controllers:path
      let parts = line.split(
        separator: UInt8(ascii: ":"), maxSplits: 2, omittingEmptySubsequences: false)
      guard parts.count == 3 else { continue }
      let isUnified = parts[0].elementsEqual("0".utf8) && parts[1].isEmpty
      let isFreezer = parts[1].split(separator: UInt8(ascii: ","))
        .contains { $0.elementsEqual("freezer".utf8) }
      guard isUnified || isFreezer,
        let mount = mounts.first(where: {
          isUnified ? $0.kind == "cgroup2" : $0.kind == "cgroup" && $0.option("freezer") != nil
        })
      else { continue }
      // In a container the hierarchy is mounted from the container's own group on.
      var names = Array(FilePath(bytes: Array(parts[2])).components)
      let root = mount.root.components
      if names.starts(with: root) { names.removeFirst(root.count) }
      let file = mount.point.appending(names).appending(
        isUnified ? "cgroup.events" : "freezer.state")
      let state = (try? FileSystem.contents(of: file)) ?? []
      let isFrozen = ProcText.lines(state).contains {
        $0.elementsEqual((isUnified ? "frozen 1" : "FROZEN").utf8)
      }
      if isFrozen { return FilePath(root: "/", names) }
    }
    return nil
  }
}
