import CShm
import Glibc
import SystemPackage

/// The quota that is used up: EDQUOT says neither whose it is nor how much. quotactl_fd(2)
struct QuotaShortage {
  private let place: String
  private let quotas: [(owner: String, quota: cshm_quota)]

  /// Asks for the quotas of the user and the group that new files belong to.
  init(_ site: SpaceCheck.Site, _ place: String) {
    self.place = place
    switch site {
    case .directory(let path):
      let directory = try? FileSystem.open(path, O_RDONLY | O_DIRECTORY)
      quotas = if let directory { Self.quotas(directory.raw) } else { [] }
    case .descriptor(let raw): quotas = Self.quotas(raw)
    }
  }

  /// The error for `wanted` bytes.
  func error(_ wanted: Int, _ attempt: String) -> ShmError {
    let number = Errno.diskQuotaExceeded.rawValue
    for (owner, quota) in quotas {
      let limit = Int(clamping: quota.space_limit)
      let left = max(0, limit - Int(clamping: quota.space))
      if limit > 0, wanted > left {
        let (needs, has) = ByteCount(wanted).told(beside: ByteCount(left))
        return ShmError(
          .noSpace, attempt,
          "needs \(needs), but the quota of \(owner) on \(place) leaves \(has) of \(ByteCount(limit))",
          remedy: Self.remedy, errorNumber: number)
      }
      if quota.files_limit > 0, quota.files >= quota.files_limit {
        return ShmError(
          .noSpace, attempt,
          "the quota of \(owner) on \(place) allows \(quota.files_limit) files, and all are in use",
          remedy: Self.remedy, errorNumber: number)
      }
    }
    return ShmError(
      .noSpace, attempt,
      "needs \(ByteCount(wanted)), which a quota on \(place) does not allow; its figures are unknown",
      remedy: Self.remedy, errorNumber: number)
  }

  private static var remedy: String { "root can raise it with setquota(8)" }

  private static func quotas(_ raw: CInt) -> [(owner: String, quota: cshm_quota)] {
    [(false, "uid", geteuid()), (true, "gid", getegid())].compactMap { isGroup, word, identifier in
      var quota = cshm_quota()
      guard unsafe cshm_quota(raw, isGroup ? 1 : 0, identifier, &quota) == 0 else { return nil }
      return ("\(word) \(identifier)", quota)
    }
  }
}
