import Glibc
package import ShmCore
import SystemPackage

/// Reports the creation and removal of names in a directory. inotify(7)
package struct DirectoryWatch: ~Copyable {
  /// A descriptor that is readable after an event; nil if the directory cannot be watched.
  package let raw: CInt?
  private let owned: OwnedDescriptor?
  private let directory: FilePath
  private let identity: RegionIdentity?

  /// Whether the path now leads to another directory. A directory that was moved, removed or created again sends no
  /// event for that name.
  var isStale: Bool {
    guard let identity else { return false }
    return (try? FileSystem.followedStatus(directory)).map { RegionIdentity($0) } != identity
  }

  /// Watches the directory of a POSIX name or a path. Other references are not watched.
  package init(of reference: RegionReference?) {
    switch reference {
    case .posix, .file: break
    case .descriptor, .systemV, nil:
      self.init(nil, raw: nil)
      return
    }
    let events = IN_CREATE | IN_MOVED_TO | IN_DELETE | IN_MOVED_FROM | IN_MOVE_SELF | IN_DELETE_SELF
    let instance = inotify_init1(CInt(IN_CLOEXEC))
    guard instance >= 0, let path = reference?.path else {
      self.init(nil, raw: nil)
      return
    }
    let watch = OwnedDescriptor(adopting: instance)
    let parent = path.directory
    let added = unsafe parent.withPlatformString {
      unsafe inotify_add_watch(instance, $0, UInt32(events))
    }
    let isWatched = added >= 0
    self.init(
      consume watch, raw: isWatched ? instance : nil, parent,
      isWatched ? (try? FileSystem.followedStatus(parent)).map { RegionIdentity($0) } : nil)
  }

  private init(
    _ owned: consuming OwnedDescriptor?, raw: CInt?, _ directory: FilePath = ".",
    _ identity: RegionIdentity? = nil
  ) {
    self.owned = owned
    self.raw = raw
    self.directory = directory
    self.identity = identity
  }
}
