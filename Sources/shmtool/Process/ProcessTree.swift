import CShm
import CShmTool
import Glibc
import ShmCore
import SystemPackage

/// A child and the processes that it has started, as long as they stay in this process's session: the stages
/// of a pipeline in a shell, for example, but no daemon.
///
/// They share the process group of this process, so that the terminal's job control (Ctrl-C, Ctrl-Z, reading
/// and writing) works for them as for this process. A group of their own would be in the background.
struct ProcessTree: ~Copyable {
  private let root: pid_t
  /// Whether processes whose parent has ended become this process's children.
  private let hasOrphans: Bool
  private var members: [(process: pid_t, descriptor: OwnedDescriptorBox)] = []

  /// - Parameters:
  ///   - root: a child that has not been waited for.
  ///   - hasOrphans: whether all other children of this process are orphans of the tree.
  init(root: pid_t, hasOrphans: Bool) {
    self.root = root
    self.hasOrphans = hasOrphans
  }

  /// Ends all of them: by SIGTERM, and by SIGKILL those that are still there after a time.
  ///
  /// All are stopped before the first gets the signal, so none can react to the end of another one, which
  /// may look like an ordinary end of input, before its own signal is pending. signal(7)
  ///
  /// - Parameter grace: the time between the two signals.
  mutating func end(grace: Duration) {
    stop()
    send(SIGTERM)
    send(SIGCONT)
    let deadline = Deadline(after: grace)
    while true {
      if deadline.hasPassed || waitForEnd(timeout: deadline.left) { break }
    }
    // What was started meanwhile goes as well.
    stop()
    send(SIGKILL)
  }

  /// Stops all, until two looks in a row find no new process and none that still runs.
  ///
  /// Two, because a process whose parent ends during a look may be missing from that look.
  private mutating func stop() {
    if let descriptor = Self.open(root) { add(root, descriptor) }
    var quietLooks = 0
    for _ in 0..<200 {
      let seen = ProcessSighting.all(
        below: [root] + members.map(\.process), besides: hasOrphans ? getpid() : nil)
      var isQuiet = true
      for process in tree(in: seen) where !members.contains(where: { $0.process == process }) {
        isQuiet = false
        // Opened first and looked at again, because the number may mean another process by now.
        guard let descriptor = Self.open(process), let again = ProcessSighting(of: process),
          again.start == seen[process]?.start
        else { continue }
        add(process, descriptor)
      }
      isQuiet = isQuiet && members.allSatisfy { seen[$0.process]?.isStill ?? true }
      quietLooks = isQuiet ? quietLooks + 1 : 0
      if quietLooks == 2 { return }
      if !isQuiet { Waiter.pause(.milliseconds(1)) }
    }
  }

  private mutating func add(_ process: pid_t, _ descriptor: consuming OwnedDescriptor) {
    if !members.contains(where: { $0.process == process }) {
      members.append((process, OwnedDescriptorBox(descriptor)))
    }
    if let box = members.first(where: { $0.process == process })?.descriptor {
      box.use { _ = cshm_pidfd_send_signal($0, SIGSTOP) }
    }
  }

  private func send(_ signal: CInt) {
    for member in members { member.descriptor.use { _ = cshm_pidfd_send_signal($0, signal) } }
  }

  /// Waits until all have ended; whether they have.
  private func waitForEnd(timeout: Duration?) -> Bool {
    let ends = members.compactMap { $0.descriptor.number }
    let ready = (try? Waiter.wait(for: ends, timeout: .zero)) ?? ends.map { _ in true }
    let left = zip(ends, ready).filter { !$0.1 }.map(\.0)
    if left.isEmpty { return true }
    _ = try? Waiter.wait(for: left, timeout: timeout)
    return false
  }

  private static func open(_ process: pid_t) -> OwnedDescriptor? {
    let raw = cshm_pidfd_open(process)
    return raw < 0 ? nil : OwnedDescriptor(adopting: raw)
  }

  /// The processes of the tree that have not ended, without those that have left the session.
  private func tree(in seen: [pid_t: ProcessSighting]) -> [pid_t] {
    let session = getsid(0)
    var tree: Set<pid_t> = [root]
    if hasOrphans { tree.formUnion(seen.values.filter { $0.parent == getpid() }.map(\.process)) }
    var count = 0
    while count != tree.count {
      count = tree.count
      for one in seen.values where tree.contains(one.parent) { tree.insert(one.process) }
    }
    return tree.filter { process in
      guard let one = seen[process] else { return false }
      return !one.hasEnded && (process == root || one.session == session)
    }
  }
}

/// Processes whose parent has ended: they become this process's children, so that they can be found.
enum Orphans {
  /// Whether this process has no child, as one that was started by exec may have.
  static var hasNoChild: Bool { cshmtool_next_ended_child(0) == -ECHILD }

  /// Adopts the orphans among the descendants from now on, and reaps those that end, on a thread that ends
  /// with `child`. PR_SET_CHILD_SUBREAPER of prctl(2)
  ///
  /// - Returns: whether it does.
  static func adopt(besides child: pid_t) -> Bool {
    let isStarted = unsafe Threads.detach(UnsafeMutableRawPointer(bitPattern: Int(child))) { raw in
      let child = pid_t(Int(bitPattern: raw))
      while true {
        let ended = cshmtool_next_ended_child(1)
        if ended == -EINTR { continue }
        // The child itself is waited for elsewhere.
        if ended <= 0 || ended == child { return nil }
        var status: CInt = 0
        _ = unsafe waitpid(ended, &status, 0)
      }
    }
    return isStarted && cshmtool_adopt_orphans() == 0
  }
}
