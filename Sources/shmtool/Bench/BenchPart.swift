import Glibc
import SystemPackage

/// What one process of a measurement does.
struct BenchPart {
  enum Role: String {
    case sender, receiver
    /// It copies within its own memory.
    case copier
    /// It sends a message, and waits until the message comes back.
    case asker
    /// It sends each message back.
    case echo
    /// It accesses a wired and an unwired region.
    case prober
    /// It makes memory short.
    case hog

    /// Whether the process has a processor that its starter does not use.
    var hasProcessor: Bool { [.sender, .copier, .echo].contains(self) }
  }

  let method: BenchMethod
  let role: Role
  /// The largest message in bytes.
  let largest: Int
  /// The path of the stream, of methods that use one.
  let stream: String
  /// The process that started the measurement.
  let starter: pid_t

  /// The same for another process.
  func with(_ role: Role) -> BenchPart {
    BenchPart(method: method, role: role, largest: largest, stream: stream, starter: starter)
  }
}

extension BenchPart {
  /// A part of a process that is started by this one.
  ///
  /// - Parameters:
  ///   - method: the method.
  ///   - role: what the process does.
  ///   - largest: the largest message in bytes.
  ///   - directory: where streams meet; nil without streams.
  init(
    _ method: BenchMethod, _ role: Role, largest: Int, meetingIn directory: BenchDirectory? = nil
  ) {
    let path = directory.map { $0.path.appending(method.rawValue) }
    self.init(
      method: method, role: role, largest: largest, stream: path.map { "\($0)" } ?? "",
      starter: getpid())
  }

  /// As a word of a command line.
  var word: String { "\(method.rawValue):\(role.rawValue):\(largest):\(starter):\(stream)" }

  /// Parses a word; nil if it is not one of this version.
  init?(word: String) {
    let fields = word.split(separator: ":", maxSplits: 4, omittingEmptySubsequences: false)
    guard fields.count == 5, let method = BenchMethod(rawValue: String(fields[0])),
      let role = Role(rawValue: String(fields[1])), let largest = Int(fields[2]), largest > 0,
      let starter = pid_t(fields[3])
    else { return nil }
    self.init(
      method: method, role: role, largest: largest, stream: String(fields[4]), starter: starter)
  }
}
