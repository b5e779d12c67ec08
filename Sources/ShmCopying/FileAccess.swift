import CShm
import Glibc
import ShmCore
import SystemPackage

/// The owner, permissions and extended attributes of a file, which a replacement keeps.
struct FileAccess {
  /// The owner.
  let user: uid_t
  private let group: gid_t
  /// The permission bits. If the file has an access control list, the group bits contain its mask.
  private let mode: mode_t
  private var list: ExtendedAttribute?
  private let others: [ExtendedAttribute]

  /// Attributes that describe the contents and not the access, such as file capabilities. They are not kept, because
  /// the contents change. The kernel also drops them on a write. capabilities(7)
  private static let ofContents = ["security.capability", "security.ima", "security.evm"]

  /// Reads them.
  ///
  /// - Parameters:
  ///   - file: open in any way, O_PATH included.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError` for an attribute that this process cannot read.
  init(of file: borrowing OwnedDescriptor, _ attempt: String) throws(ShmError) {
    let status: stat
    do { status = try file.status() } catch { throw ShmError(attempt, error) }
    (user, group, mode) = (status.st_uid, status.st_gid, status.st_mode & 0o777)
    let all: [ExtendedAttribute]
    do {
      all = try ExtendedAttribute.all(of: file)
    } catch {
      throw ShmError(
        error.kind, attempt, "the extended attributes of the file it replaces cannot be read",
        remedy: Self.remedy, errorNumber: error.rawValue)
    }
    list = all.first { $0.description == ExtendedAttribute.accessList }
    // trusted.* is for file systems and not for users of the file. system.* is internal to file systems.
    others = all.filter { attribute in
      let name = attribute.description
      return ["user.", "security."].contains { name.utf8.starts(with: $0.utf8) }
        && !Self.ofContents.contains(name)
    }
  }

  private static var remedy: Remedy { "redirect standard output to it to write it in place" }

  /// Finds out beforehand whether a new file can have them, and leaves it to its owner alone.
  ///
  /// - Throws: `ShmError` for an attribute that this process may not set, or this file system not hold.
  func probe(_ file: borrowing OwnedDescriptor, _ attempt: String) throws(ShmError) {
    if let list { try Self.set(AccessList.closed(list), file, attempt) }
    for attribute in others { try Self.set(attribute, file, attempt) }
    try close(file, attempt)
  }

  /// Applies them to a file that only its owner can access, so that no user gets a permission that the old file did not
  /// grant. If the owner or the group cannot be kept, no other user or group gets its permissions. fchown(2),
  /// fsetxattr(2), fchmod(2)
  func apply(to file: borrowing OwnedDescriptor, _ attempt: String) throws(ShmError) {
    try close(file, attempt)
    let hasGroup = try takeOwner(file, attempt)
    for attribute in others { try Self.set(attribute, file, attempt) }
    if let list {
      // It sets the mode as well.
      try Self.set(hasGroup ? list : AccessList.withoutGroup(list), file, attempt)
      return
    }
    let shared = hasGroup ? mode : mode & ~0o070 & (mode >> 3 | ~0o007)
    do throws(Errno) {
      // A directory may give every new file a list.
      try file.removeAccessList()
      try file.changeMode(to: shared)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  private func close(_ file: borrowing OwnedDescriptor, _ attempt: String) throws(ShmError) {
    do throws(Errno) {
      try file.changeMode(to: 0o600)
    } catch {
      throw ShmError(attempt, error)
    }
  }

  /// Whether the group could be kept.
  private func takeOwner(
    _ file: borrowing OwnedDescriptor, _ attempt: String
  ) throws(ShmError) -> Bool {
    do throws(Errno) {
      let own = try file.status()
      if own.st_uid == user, own.st_gid == group { return true }
      do throws(Errno) {
        try file.changeOwner(to: user, group)
      } catch {
        // An ordinary user can change the group to one of the user's groups, but not the owner.
        try? file.changeOwner(to: own.st_uid, group)
      }
      return try file.status().st_gid == group
    } catch {
      throw ShmError(attempt, error)
    }
  }

  private static func set(
    _ attribute: ExtendedAttribute, _ file: borrowing OwnedDescriptor, _ attempt: String
  ) throws(ShmError) {
    do {
      try file.set(attribute)
    } catch {
      let what =
        attribute.description == ExtendedAttribute.accessList
        ? "the access control list" : "the extended attribute '\(attribute.description)'"
      throw ShmError(
        error.kind, attempt,
        "\(what) of the file it replaces cannot be copied to the new file: \(error.reason)",
        remedy: remedy, errorNumber: error.rawValue)
    }
  }
}

/// The kernel's form of an access control list: a version of 4 bytes, and entries of 8: a tag and rights
/// of 2 bytes each, and a user's or group's number, little-endian. <linux/posix_acl_xattr.h>
private enum AccessList {
  private static let header = 4
  private static let entry = 8
  private static let (owner, group): (UInt8, UInt8) = (0x01, 0x04)
  private static let (mask, other): (UInt8, UInt8) = (0x10, 0x20)

  /// The same without any right but the owner's.
  static func closed(_ list: ExtendedAttribute) -> ExtendedAttribute {
    changed(list) { tag, rights in tag == owner ? rights : 0 }
  }

  /// The mode without the permissions of the owning group. Its members then count as others, and get no additional
  /// permission.
  static func withoutGroup(_ list: ExtendedAttribute) -> ExtendedAttribute {
    var had: UInt8 = 0o7
    _ = changed(list) { tag, rights in
      if tag == group || tag == mask { had &= rights }
      return rights
    }
    return changed(list) { tag, rights in
      tag == group ? 0 : tag == other ? rights & had : rights
    }
  }

  private static func changed(
    _ list: ExtendedAttribute, _ rights: (UInt8, UInt8) -> UInt8
  ) -> ExtendedAttribute {
    var changed = list
    for place in stride(from: header, to: changed.value.count - entry + 1, by: entry) {
      changed.value[place + 2] = rights(changed.value[place], changed.value[place + 2])
    }
    return changed
  }
}
