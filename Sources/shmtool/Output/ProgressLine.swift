import Glibc
import ShmCore

/// Progress on stderr, for work that takes more than half a second: bytes, rate and remaining time.
final class ProgressLine {
  private let total: Int?
  private let text: (Int, Int?, Int) -> String
  private let isShown: Bool
  private let start = Clock.nanoseconds
  private var last: Int
  private var isDrawn = false
  private let isPlain = Terminal.isPlain(STDERR_FILENO)

  /// On a terminal, or if it was requested.
  convenience init(total: Int?, _ options: ActionOptions) {
    self.init(total: total, isWanted: options.progress, isQuiet: options.quiet)
  }

  /// For a command without `ActionOptions`, which only the parser can make.
  ///
  /// - Parameters:
  ///   - total: the amount of all work; nil if unknown.
  ///   - isWanted: whether it is shown even if stderr is not a terminal.
  ///   - isQuiet: whether it is not shown on a terminal.
  ///   - text: makes the line of what is done, the total, and the time in nanoseconds.
  init(
    total: Int?, isWanted: Bool, isQuiet: Bool = false,
    text: @escaping (Int, Int?, Int) -> String = ProgressLine.line
  ) {
    self.total = total
    self.text = text
    isShown = isWanted || (!isQuiet && StandardStreams.isTerminal(STDERR_FILENO))
    last = start + 400_000_000
  }

  deinit {
    clear()
  }

  /// Erases the line, and returns the duration of the work in nanoseconds.
  func finish() -> Int {
    clear()
    return Clock.nanoseconds - start
  }

  /// Redraws the line, at most ten times a second.
  func update(_ done: Int) {
    guard isShown else { return }
    let now = Clock.nanoseconds
    guard now - last >= 100_000_000 else { return }
    last = now
    isDrawn = true
    let line = text(done, total, now - start)
    Output.say("\r\(erasing)\(fitting(line))", waits: false)
  }

  private func clear() {
    guard isDrawn else { return }
    isDrawn = false
    Output.say("\r\(erasing)", waits: false)
  }

  /// Erases the line from the cursor on. A terminal without escape sequences gets blanks and a carriage return.
  private var erasing: String {
    guard isPlain else { return "\u{1B}[K" }
    return String(repeating: " ", count: columns.map { max(0, $0 - 1) } ?? 79) + "\r"
  }

  /// The columns of the terminal, which may change meanwhile; nil if stderr is not a terminal.
  private var columns: Int? { Terminal.columns(STDERR_FILENO) }

  /// The line in one row. The last column stays free, because some terminals wrap after it.
  private func fitting(_ line: String) -> String {
    columns.map { DisplayWidth.prefix(of: line, columns: max(1, $0 - 1)) } ?? line
  }

  /// The line's text.
  static func line(done: Int, total: Int?, nanoseconds: Int) -> String {
    let rate = Format.rate(done, nanoseconds)
    guard let total, total > 0 else { return "\(ByteCount(done))  \(rate)" }
    let percent = Int(Double(done) / Double(total) * 100)
    // An extreme duration is omitted, because it would not fit an integer.
    let left = Double(nanoseconds) / 1e9 / Double(max(1, done)) * Double(max(0, total - done))
    let rest = done > 0 && left < 1e9 ? "  \(Format.age(Int(left) + 1)) left" : ""
    return "\(ByteCount(done)) of \(ByteCount(total))  \(percent) %  \(rate)\(rest)"
  }
}
