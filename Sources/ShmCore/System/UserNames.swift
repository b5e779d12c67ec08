import Synchronization
import SystemPackage

/// The names of users: those of passwd(5), and for others what getent(1) says, which asks the directory
/// services of the host.
///
/// Not getpwuid(3): it loads the code that asks them into this process, and a program that carries its own
/// C library, as shmtool does, dies of that.
package enum UserNames {
  /// What was asked for once: a list asks for the same few over and over, and each time is a file read.
  private static let known = Mutex<[UInt32: String?]>([:])

  /// The name of a user; nil where there is none.
  package static func name(_ identifier: UInt32) -> String? {
    known.withLock { known in
      if let name = known[identifier] { return name }
      let user = find("\(identifier)") { $0.identifier == identifier }
      let name = user.map { Escaping.printable($0.name) }
      known[identifier] = .some(name)
      return name
    }
  }

  /// The number of a user; nil where there is none of that name.
  package static func identifier(_ name: String) -> UInt32? {
    find(name) { $0.name.elementsEqual(name.utf8) }?.identifier
  }

  /// A line of passwd(5).
  private struct User {
    let name: ArraySlice<UInt8>
    let identifier: UInt32

    init?(_ line: ArraySlice<UInt8>) {
      let fields = line.split(separator: UInt8(ascii: ":"), omittingEmptySubsequences: false)
      guard fields.count > 2, let number = ProcText.unsigned(fields[2]),
        let identifier = UInt32(exactly: number)
      else { return nil }
      name = fields[0]
      self.identifier = identifier
    }
  }

  private static func find(_ key: String, where matches: (User) -> Bool) -> User? {
    first(in: (try? FileSystem.contents(of: "/etc/passwd")) ?? [], where: matches)
      ?? first(in: ask(key), where: matches)
  }

  private static func first(in text: [UInt8], where matches: (User) -> Bool) -> User? {
    ProcText.lines(text).lazy.compactMap(User.init).first(where: matches)
  }

  /// What the directory services know of a name or a number; nothing where nobody can be asked.
  private static func ask(_ key: String) -> [UInt8] {
    let words = ["/usr/bin/getent", "passwd", "--", key]
    guard let command = try? PipedCommand(words, .producer) else { return [] }
    let answer = try? OwnedDescriptor.contents(of: command.descriptor)
    _ = try? command.finish()
    return answer ?? []
  }
}
