extension Region {
  /// Whether nobody else has the region open or mapped, on the kernel's word: a lease for writing
  /// is granted only then. It sees through containers and hidden processes, where /proc does not.
  ///
  /// - Returns: true or false; nil where the kernel does not say, most often because the region
  ///   belongs to another user. fcntl(2), `F_SETLEASE`
  ///   Asked of a region that was opened for its status only; nil for any other.
  public func isUnusedByOthers() -> Bool? {
    switch RegionLease.ask(for: self) {
    case .granted: true
    case .refused: false
    case .unknown: nil
    }
  }
}
