import ArgumentParser

/// What the value of an argument can be: which names completion offers.
enum CompletionDomain: String {
  /// Regions, as every command takes them.
  case region
  /// Regions, and what `inspect` takes beside.
  case inspected
  /// Regions, and the streams that `remove` clears.
  case removed
  /// Memfds: nothing else can be sealed.
  case memfd
  /// Regions with an offset, files, and `-`.
  case copyEnd
  /// The path of a region that does not exist yet.
  case newRegion
  /// Streams of this user.
  case stream
  /// Regions and streams as `list` shows them.
  case listed
  /// Columns of the list, separated by commas, or added to the default columns with `+`.
  case columns
  /// Columns to sort by, separated by commas, each reversed with `-`.
  case order
  /// Kinds of the list, separated by commas.
  case kinds
  /// Seals, separated by commas.
  case seals
  /// Names of users.
  case user
  /// Numbers of processes.
  case process
  /// Numbers of processes, separated by commas.
  case processes
  /// Sizes of huge pages.
  case pageSize

  /// For the `completion:` of an argument. The parser hands back the name of the domain; no shell sees
  /// it.
  var kind: CompletionKind { .custom { _, _, _ in [rawValue] } }
}
