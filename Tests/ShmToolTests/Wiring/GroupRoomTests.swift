import Glibc
import ShmTestSupport
import Testing

@Suite(
  "memory in a control group", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct GroupRoomTests {
  @Test(
    "a size above the limit is refused beforehand, with figures, and no process is killed",
    arguments: [
      "create_region", "create_wired", "create_from_file", "create_from_file_sparse",
      "create_from_stream", "create_direct", "resize", "map_populate", "map_populate_read_only",
      "map_populate_private", "map_populate_two", "map_anonymous", "fill_holes",
      "fill_from_file", "write_stream", "copy_to_region", "copy_to_region_direct",
      "copy_stream_to_region", "copy_to_file_in_memory", "read_to_file_in_memory",
      "receive_into_memory", "wire_holes", "wire_parts", "wire_file", "wire_file_half_cached",
      "wire_file_nearly_cached", "wire_file_cached", "wire_file_cached_elsewhere",
    ])
  func refused(_ command: String) async throws {
    try await withName { (name) async throws in
      try await Python.test(script: "Wiring/group_room", named: name, command)
    }
  }

  @Test("--force exceeds the limit, and the kernel may kill the process")
  func forced() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("the lowest limit of all groups, including memory and swap, decides")
  func ancestors() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
