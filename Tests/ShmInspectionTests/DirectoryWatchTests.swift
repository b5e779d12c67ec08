import ShmCore
import ShmTestSupport
import SystemPackage
import Testing

@testable import ShmInspection

@Suite("Small types of inspection")
struct DirectoryWatchTests {
  @Test("a watch reports a new name in its directory, and not in another directory")
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
