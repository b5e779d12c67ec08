import ShmCore
import ShmInspection

extension RawText {
  /// How a command takes the region of a holder; what it was called, if nothing leads to it any more.
  init(_ holder: WiringHolder) {
    if let reference = holder.reference {
      self.init(reference)
    } else {
      self.init(RegionPathName.shown(holder.path))
    }
  }
}
