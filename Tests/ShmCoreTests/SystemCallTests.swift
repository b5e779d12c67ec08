import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("System calls and descriptors")
struct SystemCallTests {
  @Test(
    "an interrupted call is made again, and any other error is thrown",
    arguments: [
      (EINTR, 2), (EAGAIN, 1), (EIO, 1), (ENOSPC, 1),
    ])
  func conventions(_ number: CInt, _ calls: Int) throws {
    var made = 0
    func call() -> CInt {
      made += 1
      errno = number
      return made == 1 ? -1 : 5
    }
    if number == EINTR {
      #expect(try SystemCall.check(call) == 5)
    } else {
      #expect(throws: Errno(rawValue: number)) { try SystemCall.check(call) }
    }
    #expect(made == calls)
    made = 0
    func negated() -> CInt {
      made += 1
      return made == 1 ? -number : 5
    }
    if number == EINTR {
      #expect(try SystemCall.checkNegated(negated) == 5)
    } else {
      #expect(throws: Errno(rawValue: number)) { try SystemCall.checkNegated(negated) }
    }
    #expect(made == calls)
    made = 0
    func numbered() -> CInt {
      made += 1
      return made == 1 ? number : 0
    }
    if number == EINTR {
      try SystemCall.checkNumber(numbered)
    } else {
      #expect(throws: Errno(rawValue: number)) { try SystemCall.checkNumber(numbered) }
    }
    #expect(made == calls)
  }

  @Test("an owner closes its descriptor once, and reports the error of close")
  func owned() throws {
    let pipe = try Pipe()
    let raw = pipe.reading.raw
    let copy = try pipe.reading.duplicate(atLeast: 500)
    #expect(copy.raw >= 500)
    let number = copy.raw
    try copy.close()
    #expect(!OwnedDescriptor.isOpen(number))
    #expect(OwnedDescriptor.isOpen(raw))
  }
}
