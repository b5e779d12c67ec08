import CShm
import Glibc
package import SystemPackage

/// One extended attribute of a file. xattr(7)
package struct ExtendedAttribute {
  /// Its name with its NUL.
  let name: [CChar]
  package var value: [UInt8]

  /// The access control list of acl(5).
  package static let accessList = "system.posix_acl_access"

  /// The name as text, safe for a terminal.
  package var description: String {
    Escaping.printable(name.dropLast().map { UInt8(bitPattern: $0) })
  }

  /// All of a file's attributes that this process is shown.
  ///
  /// - Parameter file: open in any way; without /proc not by O_PATH.
  /// - Returns: the attributes.
  /// - Throws: `Errno`; not for a file system that has no attributes.
  package static func all(of file: borrowing OwnedDescriptor) throws(Errno) -> [ExtendedAttribute] {
    var found: [ExtendedAttribute] = []
    let raw = file.raw
    for name in try names(of: raw) {
      if let value = try value(of: name, raw) {
        found.append(ExtendedAttribute(name: name, value: value))
      }
    }
    return found
  }

  /// The most that the kernel gives for a list of names, and for a value, in bytes. xattr(7)
  private static var room: Int { 65536 }

  private static func names(of raw: CInt) throws(Errno) -> [[CChar]] {
    var bytes = [CChar](repeating: 0, count: room)
    let count: Int
    do throws(Errno) {
      count = try SystemCall.checkNegated {
        unsafe cshm_attribute_names(raw, &bytes, room)
      }
    } catch .notSupported {
      return []
    }
    return bytes[..<count].split(separator: 0).map { Array($0) + [0] }
  }

  /// nil if the attribute has gone since its name was listed.
  private static func value(of name: [CChar], _ raw: CInt) throws(Errno) -> [UInt8]? {
    var bytes = [UInt8](repeating: 0, count: room)
    do throws(Errno) {
      let count = try SystemCall.checkNegated {
        unsafe cshm_attribute(raw, name, &bytes, room)
      }
      return Array(bytes[..<count])
    } catch {
      guard error.rawValue == ENODATA else { throw error }
      return nil
    }
  }
}

extension OwnedDescriptor {
  /// fsetxattr(2)
  package func set(_ attribute: ExtendedAttribute) throws(Errno) {
    try SystemCall.checkNegated {
      unsafe cshm_set_attribute(raw, attribute.name, attribute.value, attribute.value.count)
    }
  }

  /// Removes the access control list, if there is one. fremovexattr(2)
  package func removeAccessList() throws(Errno) {
    do throws(Errno) {
      try SystemCall.checkNegated {
        unsafe cshm_remove_attribute(raw, ExtendedAttribute.accessList)
      }
    } catch {
      guard error.rawValue == ENODATA || error == .notSupported else { throw error }
    }
  }
}
