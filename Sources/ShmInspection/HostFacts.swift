import ShmCore
import Synchronization

/// The facts about the host that the inspections of one scan need. Each is read or opened once, at its first use.
final class HostFacts: Sendable {
  private struct Tables: ~Copyable {
    var frames: FrameTable?
    var charges: ChargeReader?
    private var isOpen = false

    mutating func open() {
      guard !isOpen else { return }
      frames = FrameTable()
      charges = ChargeReader()
      isOpen = true
    }
  }

  private let tables = Mutex(Tables())
  private let figures = Mutex<(mounts: MountTable, memory: MemoryInformation?)?>(nil)

  /// Calls `body` with the flags of the physical frames; nil without permission to see them.
  func withFrames(_ body: (inout FrameTable?) -> Void) {
    tables.withLock { tables in
      tables.open()
      body(&tables.frames)
    }
  }

  /// The charges of an open file; nil without permission to see them.
  func charges(of descriptor: CInt) -> PageCharges? {
    tables.withLock { tables in
      tables.open()
      switch tables.charges {
      case .some(let reader): return PageCharges(descriptor, by: reader)
      case nil: return nil
      }
    }
  }

  /// The mounts that this process sees.
  var mounts: MountTable { known.mounts }

  /// The figures of the host's memory.
  var memory: MemoryInformation? { known.memory }

  private var known: (mounts: MountTable, memory: MemoryInformation?) {
    figures.withLock { figures in
      let known = figures ?? (MountTable.current(), MemoryInformation.current())
      figures = known
      return known
    }
  }
}
