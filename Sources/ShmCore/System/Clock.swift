import Glibc

/// The two clocks.
package enum Clock {
  /// Nanoseconds that only go forward, for measuring. clock_gettime(2), `CLOCK_MONOTONIC`
  package static var nanoseconds: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_MONOTONIC, &time)
    return time.tv_sec * 1_000_000_000 + time.tv_nsec
  }

  /// Seconds since 1970, for the age of files. clock_gettime(2), `CLOCK_REALTIME`
  package static var secondsSince1970: Int {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return time.tv_sec
  }

  /// Seconds since 1970 with microseconds, for the time of an observation. clock_gettime(2), `CLOCK_REALTIME`
  package static var sinceEpoch: Double {
    var time = timespec()
    unsafe clock_gettime(CLOCK_REALTIME, &time)
    return Double(time.tv_sec * 1_000_000 + time.tv_nsec / 1000) / 1e6
  }

  /// The age of a time in seconds, 0 for a future time. The owner of a file can set its times to
  /// any number.
  package static func age(of moment: Int, now: Int) -> Int {
    let (age, overflow) = now.subtractingReportingOverflow(moment)
    return overflow ? (moment < 0 ? .max : 0) : max(0, age)
  }

  /// A duration in words: `2 s`, `250 ms`.
  package static func text(_ duration: Duration) -> String {
    let milliseconds = duration.wholeMilliseconds
    return milliseconds % 1000 == 0 ? "\(milliseconds / 1000) s" : "\(milliseconds) ms"
  }
}
