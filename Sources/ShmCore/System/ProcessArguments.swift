import CShm
import Glibc

/// The arguments that this process was started with, byte by byte, also where there is no /proc.
package enum ProcessArguments {
  /// All of them, the program's name first.
  package static var all: [[UInt8]] {
    var arguments: [[UInt8]] = []
    while let word = unsafe cshm_argument(CInt(arguments.count)) {
      unsafe arguments.append(Array(UnsafeRawBufferPointer(start: word, count: strlen(word))))
    }
    return arguments
  }
}
