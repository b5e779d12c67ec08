import ShmCore

/// How pages are wired.
struct WiringPolicy {
  var acceptsLess = false
  /// The bytes that will be wired in all, if everything can be, with what this process has wired already:
  /// so much a limit must allow. nil if only what is wired now counts.
  var total: Int?
  /// The bytes that may be brought into RAM if less is accepted; nil for no bound.
  var room: Int?
}
