import Glibc
import Synchronization

/// The names of users.
package enum UserNames {
  /// What was asked for once: a list asks for the same few over and over, and each time is a file read.
  private static let known = Mutex<[UInt32: String?]>([:])

  /// The name of a user; nil where there is none. getpwuid_r(3)
  package static func name(_ identifier: UInt32) -> String? {
    known.withLock { known in
      if let name = known[identifier] { return name }
      let name = lookUp(identifier)
      known[identifier] = .some(name)
      return name
    }
  }

  private static func lookUp(_ identifier: UInt32) -> String? {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    let number = unsafe getpwuid_r(identifier, &entry, &buffer, buffer.count, &found)
    guard number == 0, unsafe found != nil, let name = unsafe entry.pw_name else { return nil }
    return unsafe Escaping.printable(UnsafeRawBufferPointer(start: name, count: strlen(name)))
  }

  /// The number of a user; nil where there is none of that name. getpwnam_r(3)
  package static func identifier(_ name: String) -> UInt32? {
    var entry = unsafe passwd()
    var found: UnsafeMutablePointer<passwd>?
    var buffer = [CChar](repeating: 0, count: 16384)
    let number = unsafe getpwnam_r(name, &entry, &buffer, buffer.count, &found)
    return unsafe number == 0 && found != nil ? entry.pw_uid : nil
  }
}
