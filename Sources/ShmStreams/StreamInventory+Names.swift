import Glibc
package import ShmCore
package import SystemPackage

extension StreamInventory {
  /// The names of the sockets of this user's streams. No connection is made.
  ///
  /// - Parameter directory: the directory of the sockets; nil for the default directory.
  /// - Returns: the names; empty if the directory does not belong to this user.
  package static func ownNames(in directory: FilePath?) -> [RegionName] {
    let place =
      directory ?? RegionName.directory.appending(Rendezvous.directoryPrefix + "\(geteuid())")
    guard let status = try? FileSystem.status(place), status.st_mode & S_IFMT == S_IFDIR,
      status.st_uid == geteuid()
    else { return [] }
    return ((try? FileSystem.names(in: place)) ?? []).compactMap { name in
      guard let status = try? FileSystem.status(place.appending(name)),
        status.st_mode & S_IFMT == S_IFSOCK
      else { return nil }
      return String(validating: FilePath(root: nil, components: name).bytes, as: UTF8.self)
        .flatMap { try? RegionName("/" + $0) }
    }
  }
}
