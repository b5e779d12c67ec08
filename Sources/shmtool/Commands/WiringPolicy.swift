import ShmCore

/// How pages are wired.
struct WiringPolicy {
  var time = Mapping.WiringTime.now
  var acceptsLess = false
}
