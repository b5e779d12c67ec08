import CShm
import Glibc
import ShmCore
import SystemPackage

/// Stores the bytes of a file on its device: a part while the file is still being written, and the rest at the end.
///
/// Whatever the size of the file, at most the backlog and one step remain to be written at the end. The device works
/// while the copy runs. Each wait is for one step, after which a blocked signal is detected. sync_file_range(2),
/// fsync(2)
struct WriteBack {
  /// Whether the file is stored on its device; nil without a device: the file is in memory, or it is not a file.
  private(set) var isDone: Bool?
  /// Whether there is a device, and it is to be waited for.
  private let isNeeded: Bool
  private let raw: CInt
  /// The ends of the ranges for which write-back was started and completed, in bytes from the start of the file.
  private var started: Int
  private var awaited: Int
  /// An error of write-back. The kernel reports it once only.
  private var failure: Errno?

  /// The bytes of one step.
  private static var step: Int { 8 << 20 }
  /// The number of bytes in write-back before the next wait.
  private static var backlog: Int { 64 << 20 }

  /// - Parameters:
  ///   - raw: the file, which this value does not close.
  ///   - start: the offset of the first written byte.
  ///   - isWanted: whether to wait for the device at all.
  init(_ raw: CInt, from start: Int = 0, isWanted: Bool) {
    let hasDevice = Self.hasDevice(raw)
    self.raw = raw
    (started, awaited) = (start, start)
    isNeeded = hasDevice && isWanted
    isDone = hasDevice ? false : nil
  }

  /// Whether it is a block device, or a file on a file system that is not memory.
  private static func hasDevice(_ raw: CInt) -> Bool {
    var status = stat()
    guard unsafe fstat(raw, &status) == 0 else { return false }
    if status.st_mode & S_IFMT == S_IFBLK { return true }
    guard status.st_mode & S_IFMT == S_IFREG else { return false }
    var fileSystem = cshm_filesystem()
    guard unsafe cshm_filesystem_status(raw, nil, &fileSystem) == 0 else { return true }
    return MemoryFileSystem(fileSystem).kind == .other
  }

  /// To be called when the file was written up to a place: most calls do nothing.
  @inline(__always)
  mutating func advance(to place: Int) {
    if isNeeded, place - started >= Self.step { start(upTo: place) }
  }

  private mutating func start(upTo place: Int) {
    note(cshm_write_back(raw, Int64(started), Int64(place - started), 0))
    started = place
    while started - awaited > Self.backlog { waitForStep(upTo: started) }
  }

  private mutating func waitForStep(upTo end: Int) {
    let count = min(Self.step, end - awaited)
    note(cshm_write_back(raw, Int64(awaited), Int64(count), 1))
    awaited += count
  }

  /// If the file system or a sandbox refuses the call, fsync(2) does the whole work at the end.
  private mutating func note(_ answer: CInt) {
    let error = Errno(rawValue: -answer)
    if answer < 0, [.ioError, .noSpace, .diskQuotaExceeded].contains(error) {
      failure = failure ?? error
    }
  }

  /// Waits until all is on the device.
  ///
  /// - Parameters:
  ///   - end: the end of the written bytes in the file.
  ///   - attempt: the words for errors.
  /// - Throws: `ShmError`: `inputOutput` if the device has failed or is full; `interrupted`.
  mutating func finish(upTo end: Int, _ attempt: String) throws(ShmError) {
    guard isNeeded, isDone == false else { return }
    while awaited < end, failure == nil {
      try SignalMask.checkPending(attempt)
      waitForStep(upTo: end)
    }
    let raw = self.raw
    let failure = self.failure
    do throws(Errno) {
      if let failure { throw failure }
      try SystemCall.checkNegated { cshm_sync(raw) }
    } catch {
      throw DescriptorIO.explain(error, attempt)
    }
    isDone = true
  }
}
