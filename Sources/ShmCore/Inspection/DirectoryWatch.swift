import Glibc
import SystemPackage

/// Tells of names that come and go beside a region's. inotify(7)
struct DirectoryWatch: ~Copyable {
  /// Readable when something has happened; nil where nothing can be watched.
  let raw: CInt?
  private let owned: OwnedDescriptor?

  /// Watches the directory of a POSIX name or a path; nothing for anything else.
  init(of reference: RegionReference?) {
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
    let parent = path.removingLastComponent()
    let added = unsafe (parent.isEmpty ? "." : parent).withPlatformString {
      unsafe inotify_add_watch(instance, $0, UInt32(events))
    }
    self.init(consume watch, raw: added >= 0 ? instance : nil)
  }

  private init(_ owned: consuming OwnedDescriptor?, raw: CInt?) {
    self.owned = owned
    self.raw = raw
  }
}
