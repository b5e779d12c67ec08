import CShmTool
import Glibc

/// The arguments that this process was started with, byte by byte, also where there is no /proc.
enum ProcessArguments {
  /// All of them, the program's name first.
  static var all: [[UInt8]] {
    var arguments: [[UInt8]] = []
    while let word = unsafe cshmtool_argument(CInt(arguments.count)) {
      unsafe arguments.append(Array(UnsafeRawBufferPointer(start: word, count: strlen(word))))
    }
    return arguments
  }
}
