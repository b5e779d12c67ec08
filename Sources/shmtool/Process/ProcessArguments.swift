import CShmTool
import Glibc

/// The arguments of this process, byte by byte, also without /proc.
enum ProcessArguments {
  /// All arguments, the name of the program first.
  static var all: [[UInt8]] {
    var arguments: [[UInt8]] = []
    while let word = unsafe cshmtool_argument(CInt(arguments.count)) {
      unsafe arguments.append(Array(UnsafeRawBufferPointer(start: word, count: strlen(word))))
    }
    return arguments
  }
}
