import ShmCore
import Synchronization
import SystemPackage

/// The names of users: from passwd(5), otherwise from getent(1), which asks the directory services of the host.
///
/// getpwuid(3) loads modules into this process, and a program that carries its own C library, as shmtool does,
/// crashes in them.
enum UserNames {
  /// A cache: a list shows the same few users again and again.
  private struct Known {
    let file = users((try? FileSystem.contents(of: "/etc/passwd")) ?? [])
    var names: [UInt32: [UInt8]?]

    init() {
      // The first line of a number counts, as in getpwuid(3).
      names = Dictionary(
        file.map { ($0.identifier, Array($0.name)) },
        uniquingKeysWith: { first, _ in first })
    }
  }

  private static let known = Mutex<Known?>(nil)

  /// How long the directory services may take for one user.
  private static var patience: Duration { .seconds(2) }

  /// The name of a user; nil if it is unknown.
  static func name(_ identifier: UInt32) -> [UInt8]? {
    withKnown { known in
      if let name = known.names[identifier] { return name }
      let user = ask(Array("\(identifier)".utf8)).first { $0.identifier == identifier }
      let name = user.map { Array($0.name) }
      known.names[identifier] = .some(name)
      return name
    }
  }

  /// The number of a user; nil if no user has that name.
  static func identifier(_ name: [UInt8]) -> UInt32? {
    withKnown { known in
      let matches = { (user: User) in user.name.elementsEqual(name) }
      return (known.file.first(where: matches) ?? ask(name).first(where: matches))?.identifier
    }
  }

  /// The names in passwd(5).
  static var listed: [[UInt8]] { withKnown { $0.file.map { Array($0.name) } } }

  private static func withKnown<Value>(_ body: (inout Known) -> Value) -> Value {
    known.withLock { known in
      var read = known ?? Known()
      defer { known = read }
      return body(&read)
    }
  }

  /// A line of passwd(5). A line that begins with + or - is an instruction of nsswitch.conf(5), not a user.
  private struct User {
    let name: ArraySlice<UInt8>
    let identifier: UInt32

    init?(_ line: ArraySlice<UInt8>) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count > 2, let first = fields[0].first,
        first != UInt8(ascii: "+"), first != UInt8(ascii: "-"),
        let number = ProcText.unsigned(fields[2]),
        let identifier = UInt32(exactly: number)
      else { return nil }
      name = fields[0]
      self.identifier = identifier
    }
  }

  private static func users(_ text: [UInt8]) -> [User] {
    ProcText.lines(text).compactMap(User.init)
  }

  /// The answer of the directory services for a name or a number; empty if they do not answer in time.
  private static func ask(_ key: [UInt8]) -> [User] {
    let words = ["/usr/bin/getent", "passwd", "--"].map { Array($0.utf8) } + [key]
    guard let command = try? PipedCommand(words, .producer) else {
      return []
    }
    let answer = (try? line(from: command.descriptor)) ?? []
    command.cancel()
    return users(answer)
  }

  /// The first read, in time: passwd(5) has one line for a user, and getent(1) writes it at once.
  private static func line(from descriptor: CInt) throws(Errno) -> [UInt8] {
    guard try Waiter.isReady(descriptor, timeout: patience) else { return [] }
    var line = [UInt8](repeating: 0, count: 16384)
    let count = try unsafe line.withUnsafeMutableBufferPointer { (buffer) throws(Errno) in
      try unsafe OwnedDescriptor.read(descriptor, into: UnsafeMutableRawBufferPointer(buffer))
    }
    return Array(line.prefix(count))
  }
}
