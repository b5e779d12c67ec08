import CShm
import Glibc
package import ShmCore
import SystemPackage

extension ProcessMemory {
  /// Finds why a call failed at `address`. The error number alone is ambiguous.
  func cause(
    of error: Errno, at address: UInt64, isWrite: Bool
  ) -> ProcessMemoryFailure.Cause {
    switch error {
    case .badAddress: fault(at: address, isWrite: isWrite)
    case .notPermitted, .noFunction: ProcessAccess(process, error).cause
    // An exiting process loses its memory before its exit is visible.
    case .noSuchProcess: isOfTheKernel ? .noMemory : .ended
    default: .other
    }
  }

  /// Which of the two sides of a copy is not there.
  private func fault(at address: UInt64, isWrite: Bool) -> ProcessMemoryFailure.Cause {
    guard let maps = ProcessMap.all(of: process) else {
      return canRead(address) && !isWrite ? .buffer : .unknownAddress
    }
    let nearest = ProcessMap.nearest(to: address, in: maps)
    guard let nearest, nearest.addresses.contains(address) else { return .notMapped(nearest) }
    if isWrite, !nearest.isWritable { return .notWritable(nearest) }
    if !isWrite, !nearest.isReadable { return .notReadable(nearest) }
    return canRead(address) ? .buffer : .noPage(nearest)
  }

  /// Whether it is a thread of the kernel: PF_KTHREAD among the flags of /proc/PID/stat, which follow
  /// the name, its state and five numbers. proc_pid_stat(5)
  private var isOfTheKernel: Bool {
    guard let text = try? FileSystem.contents(of: FilePath("/proc/\(process)/stat")),
      let nameEnd = text.lastIndex(of: UInt8(ascii: ")"))
    else { return false }
    let words = ProcText.words(text[(nameEnd + 1)...])
    return words.count > 6 && (ProcText.unsigned(words[6]) ?? 0) & 0x0020_0000 != 0
  }

  /// Whether one byte can be read into memory that certainly exists.
  private func canRead(_ address: UInt64) -> Bool {
    var byte: UInt8 = 0
    return unsafe withUnsafeMutableBytes(of: &byte) { buffer in
      let read = try? unsafe ProcessCalls.read(
        process, [cshm_piece(address: address, length: 1)], into: buffer)
      return read == 1
    }
  }
}

extension ProcessMap {
  /// The mappings of a process in the order of their addresses; nil without permission.
  package static func all(of process: Int32) -> [ProcessMap]? {
    (try? FileSystem.contents(of: ProcessThreads.directory(of: process).appending("maps"))).map {
      text in
      ProcText.lines(text).compactMap { ProcessMap(parsing: $0) }
    }
  }

  /// The mapping that contains an address, or the nearest mapping; nil without mappings.
  static func nearest(to address: UInt64, in maps: [ProcessMap]) -> ProcessMap? {
    maps.min { $0.distance(to: address) < $1.distance(to: address) }
  }

  /// How many bytes lie between an address and the mapping; 0 within it.
  func distance(to address: UInt64) -> UInt64 {
    if address < addresses.lowerBound { return addresses.lowerBound - address }
    return address < addresses.upperBound ? 0 : address - addresses.upperBound + 1
  }
}
