package import CShm
import Glibc
package import SystemPackage

/// The system calls on another process's memory.
package enum ProcessCalls {
  /// How many pieces one call takes.
  package static var maximumPieces: Int { Int(cshm_IOV_MAX) }

  /// Copies pieces of a process's memory into `buffer`, and returns how many bytes: at a page that
  /// without access the call ends, with `EFAULT` if it is the first page. process_vm_readv(2)
  package static func read(
    _ process: Int32, _ pieces: [cshm_piece], into buffer: UnsafeMutableRawBufferPointer
  ) throws(Errno) -> Int {
    try SystemCall.checkNegated {
      unsafe cshm_process_read(process, buffer.baseAddress, buffer.count, pieces, pieces.count)
    }
  }

  /// Copies `buffer` to pieces of a process's memory, else the same. process_vm_writev(2)
  package static func write(
    _ process: Int32, _ pieces: [cshm_piece], from buffer: UnsafeRawBufferPointer
  ) throws(Errno) -> Int {
    try SystemCall.checkNegated {
      unsafe cshm_process_write(process, buffer.baseAddress, buffer.count, pieces, pieces.count)
    }
  }
}
