import Glibc
import ShmTestSupport
import Testing

@Suite(
  "memory in a control group", .serialized,
  .enabled(if: TestEnvironment.mayMakeMemoryGroups, "needs root and a memory cgroup"))
struct GroupRoomTests {
  @Test(
    "is refused beforehand, with figures, and the OOM killer ends nothing",
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

  @Test("is charged past the limit with --force, which the kernel may answer by SIGKILL")
  func forced() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }

  @Test("is bounded by every group above, by swap and memory together, and by the tightest limit")
  func ancestors() async throws {
    try await withName { (name) async throws in
      try await Python.test(named: name)
    }
  }
}
