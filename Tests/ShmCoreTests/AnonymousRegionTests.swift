import CShm
import Glibc
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmCore

@Suite("Regions without a name")
struct AnonymousTests {
  @Test(
    "an anonymous region has its size, its contents and reserved memory",
    arguments: [1, page - 1, page, page + 1])
  func create(_ size: Int) throws {
    let region = try Region.anonymous("label", size: size)
    let status = try region.status()
    #expect(status.size == size)
    #expect(status.links == 0)
    #expect(status.allocated == PageMath.pages(size) * page)
    let link = try FileSystem.link(FilePath("/proc/self/fd/\(region.rawDescriptor)"))
    #expect(link.string.hasPrefix("/memfd:label"))
  }

  @Test("pid:PID:FD opens the same region")
  func byDescriptor() throws {
    let region = try Region.anonymous("x", size: page)
    try region.store([3], at: 1)
    let other = try Region.open(
      try RegionReference("pid:\(getpid()):\(region.rawDescriptor)"))
    #expect(try other.status().identity == region.status().identity)
    #expect(try other.contents(0..<2) == [0, 3])
  }

  @Test("a label has at most 249 bytes and no NUL", arguments: [0, 1, 248, 249, 250, 4096])
  func label(_ length: Int) throws {
    let label = String(repeating: "x", count: length)
    if length <= 249 {
      #expect(try Region.anonymous(label, size: 1).status().size == 1)
    } else {
      error(.usage) { _ = try Region.anonymous(label, size: 1) }
    }
    error(.usage) { _ = try Region.anonymous("a\0b", size: 1) }
  }

  @Test("a size larger than the memory is refused")
  func absurd() {
    error(.noSpace) { _ = try Region.anonymous("x", size: .max) }
  }
}
