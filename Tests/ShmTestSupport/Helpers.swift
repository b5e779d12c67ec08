package import CShm
import Glibc
package import ShmCore
import ShmCopying
import SystemPackage
package import Testing

/// Numbers that are the same in every run: xorshift64*, so that a fuzz that fails can be repeated.
package struct SeededGenerator: RandomNumberGenerator {
  private var state: UInt64

  package init(seed: UInt64) {
    state = seed | 1
  }

  package mutating func next() -> UInt64 {
    state ^= state >> 12
    state ^= state << 25
    state ^= state >> 27
    return state &* 0x2545_F491_4F6C_DD1D
  }

  /// Bytes that a parser may get: noise, or a text with some bytes changed, cut or repeated.
  package mutating func input(like text: [UInt8]) -> [UInt8] {
    let isNoise = text.isEmpty || next() % 4 == 0
    if isNoise { return (0..<Int(next() % 120)).map { _ in UInt8(truncatingIfNeeded: next()) } }
    var bytes = text
    for _ in 0..<(1 + next() % 6) where !bytes.isEmpty {
      let index = Int(next() % UInt64(bytes.count))
      switch next() % 5 {
      case 0: bytes[index] = UInt8(truncatingIfNeeded: next())
      case 1: bytes.remove(at: index)
      case 2: bytes.removeSubrange(index...)
      case 3: bytes.insert(contentsOf: bytes[index...].prefix(20), at: index)
      default: bytes[index] = Array("0 9af:-\n\tx".utf8)[Int(next() % 10)]
      }
    }
    return bytes
  }
}

/// The bytes of a string.
package func bytes(_ text: String) -> [UInt8] { Array(text.utf8) }

/// The error that `body` throws; records an issue if it throws no error, or an error of another kind.
@discardableResult
package func error(
  _ code: ShmError.Kind, at location: SourceLocation = #_sourceLocation,
  _ body: () throws -> Void
) -> ShmError? {
  do {
    try body()
    Issue.record("nothing was thrown, and \(code) was expected", sourceLocation: location)
    return nil
  } catch let failure as WiringFailure {
    let error = ShmError(failure)
    #expect(error.kind == code, "\(error)", sourceLocation: location)
    return error
  } catch let error as ShmError {
    #expect(error.kind == code, "\(error)", sourceLocation: location)
    return error
  } catch {
    Issue.record("\(error) is no ShmError", sourceLocation: location)
    return nil
  }
}

/// Whether `condition` becomes true in ten seconds: for what other processes do.
package func eventually(_ condition: () throws -> Bool) rethrows -> Bool {
  for _ in 0..<1000 {
    if try condition() { return true }
    usleep(10_000)
  }
  return false
}

/// The size of a page.
package let page = PageMath.pageSize

extension Region {
  /// The bytes at `range`; fewer if the region ends before.
  package func contents(_ range: Range<Int>) throws(ShmError) -> [UInt8] {
    var bytes = [UInt8](repeating: 0xEE, count: range.count)
    let count = try unsafe bytes.withUnsafeMutableBufferPointer {
      (buffer) throws(ShmError) -> Int in
      try unsafe read(into: UnsafeMutableRawBufferPointer(buffer), at: range.lowerBound)
    }
    return Array(bytes[..<count])
  }

  /// Writes bytes.
  package func store(_ bytes: [UInt8], at offset: Int) throws(ShmError) {
    try unsafe bytes.withUnsafeBufferPointer { (buffer) throws(ShmError) -> Void in
      try unsafe write(UnsafeRawBufferPointer(buffer), at: offset)
    }
  }
}

extension Mapping {
  /// Loads one byte.
  package func load(_ offset: Int) -> UInt8 {
    unsafe withUnsafeMutableBytes { (buffer) throws(Never) in unsafe buffer[offset] }
  }

  /// Stores one byte.
  package func store(_ byte: UInt8, at offset: Int) {
    unsafe withUnsafeMutableBytes { (buffer) throws(Never) in unsafe buffer[offset] = byte }
  }
}

/// Runs `body` while a second process, `shmtool map`, holds the region mapped, with its number.
package func withSecondProcess(
  mapping region: String, _ body: (pid_t) throws -> Void
) throws {
  // The shell makes way for the tool, so that the child's number is the tool's.
  let child = try Child(
    ["/bin/sh", "-c", "exec \"$0\" map \"$1\" >/dev/null", Tool.path, region])
  let process = child.identifier
  let outcome = Result {
    let isMapped = try eventually {
      String(
        decoding: try FileSystem.contents(of: FilePath("/proc/\(process)/maps")), as: UTF8.self
      )
      .contains(region)
    }
    try #require(isMapped)
    try body(process)
  }
  child.send(SIGTERM)
  _ = try child.wait()
  try outcome.get()
}

/// A pipe's two ends.
package struct Pipe: ~Copyable {
  package let reading: OwnedDescriptor
  package let writing: OwnedDescriptor

  package init() throws {
    var ends: [CInt] = [0, 0]
    try SystemCall.checkNegated { unsafe cshm_pipe(&ends) }
    reading = OwnedDescriptor(adopting: ends[0])
    writing = OwnedDescriptor(adopting: ends[1])
  }

  /// Closes the end for reading, and returns the other end.
  package consuming func closeReading() -> OwnedDescriptor { writing }

  /// Closes the end for writing, and returns the other end.
  package consuming func closeWriting() -> OwnedDescriptor { reading }
}

/// A file in a directory that is no tmpfs or may be one, with contents, removed at the end.
package final class TemporaryFile {
  package let path: String

  package init(_ contents: [UInt8] = []) throws {
    path = "/tmp/\(TestName("file").name)"
    let file = try FileSystem.open(FilePath(path), O_WRONLY | O_CREAT | O_EXCL, mode: 0o600)
    try unsafe contents.withUnsafeBytes { buffer in
      var done = 0
      while done < buffer.count {
        done += try unsafe file.write(
          UnsafeRawBufferPointer(rebasing: buffer[done...]), at: done)
      }
    }
  }

  deinit {
    _ = unsafe unlink(path)
  }
}
