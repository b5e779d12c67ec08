import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmInspection

@Suite("Small types of inspection")
struct DirectoryWatchTests {
  @Test("a directory's watch tells of a name that comes, and of none in another directory")
  func watch() throws {
    let name = TestName()
    let watch = DirectoryWatch(of: try name.reference)
    let watched = watch.raw
    let raw = try #require(watched)
    _ = try Region.create(try name.reference, size: page)
    #expect(try Waiter.wait(for: [raw], timeout: .milliseconds(5000)) == [true])
    let missing = DirectoryWatch(of: try RegionReference("/nonexistent/directory/x")).raw
    let none = DirectoryWatch(of: .systemV(1)).raw
    #expect(missing == nil && none == nil)
    withExtendedLifetime(name) {}
  }
}
