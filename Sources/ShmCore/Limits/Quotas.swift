import CShm
import Glibc
import SystemPackage

/// The quotas of the user and the group that new files belong to. quotactl_fd(2)
struct Quotas {
  private let quotas: [(owner: String, quota: cshm_quota)]

  /// Asks for them, if a file system that can be seen has any. tmpfs(5)
  init(_ site: RegionRoom.Site, _ mounts: MountTable) {
    let names = ["quota", "usrquota", "grpquota"]
    let isAsked = mounts.mounts.contains { mount in
      mount.kind == "tmpfs" && names.contains { mount.option($0) != nil }
    }
    switch site {
    case .directory where !isAsked && !mounts.mounts.isEmpty: quotas = []
    case .directory(let path):
      let directory = try? FileSystem.open(path, O_RDONLY | O_DIRECTORY)
      quotas = if let directory { Self.quotas(directory.raw) } else { [] }
    case .descriptor(let raw): quotas = Self.quotas(raw)
    case .memory: quotas = []
    }
  }

  /// The room below the quotas.
  ///
  /// - Parameters:
  ///   - place: the directory, for messages.
  ///   - isNew: whether a file is to be made, which counts, too.
  /// - Returns: nothing for a process that may exceed them.
  func bounds(_ place: String, isNew: Bool) -> [RegionRoom.Candidate] {
    var bounds: [RegionRoom.Candidate] = []
    for (owner, quota) in quotas {
      let bound = RegionRoom.Bound.quota(owner: owner, place: place)
      if quota.space_limit > 0 {
        let limit = Int(clamping: quota.space_limit)
        bounds.append(.init(bound, limit - Int(clamping: quota.space), of: limit))
      }
      if isNew, quota.files_limit > 0, quota.files >= quota.files_limit {
        bounds.append(.init(bound, 0, of: Int(clamping: quota.files_limit), isOfFiles: true))
      }
    }
    // A process with this capability may exceed them.
    return bounds.isEmpty || Self.isExempt ? [] : bounds
  }

  private static var isExempt: Bool {
    (try? FileSystem.contents(of: "/proc/thread-self/status"))
      .map { ProcessStatus(parsing: $0).hasEffective(.sysResource) } ?? false
  }

  private static func quotas(_ raw: CInt) -> [(owner: String, quota: cshm_quota)] {
    [(0 as CInt, "uid", geteuid()), (1, "gid", getegid())].compactMap { kind, word, identifier in
      var quota = cshm_quota()
      let result = unsafe cshm_quota(raw, kind, identifier, &quota)
      return result == 0 ? ("\(word) \(identifier)", quota) : nil
    }
  }
}
