import ShmCore

/// How limits are raised in one kind of place.
///
/// The texts hold words that `AdviceWords` replaces: `$value` (the limit that is needed), `$unit`,
/// `$user` and the like. A column that is nil falls back to the general form.
struct AdviceRow {
  /// The place in words, after "this looks like".
  let name: String
  /// A resource limit of the process above its hard limit: RLIMIT_MEMLOCK and others.
  let resource: String?
  /// What root can do at once, without a restart, for the process that starts this one.
  var atOnce: String?
  /// What helps a process that runs as root, in place of a higher memlock limit.
  var capability: String?
  /// What does not help a process of another user.
  var noCapability: String?
  /// The memory that the place may use, in bytes.
  let memory: String?
  /// The size of the tmpfs at /dev/shm.
  let sharedMemory: String?
  /// The pool of huge pages.
  let hugePages: String?
  /// The filter of system calls.
  let filter: String?
}
