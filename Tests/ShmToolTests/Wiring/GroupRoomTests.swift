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
      try await Wiring.check(
        String(decoding: PackageResources.group_room_py, as: UTF8.self), name.name, command)
    }
  }

  @Test("is charged past the limit with --force, which the kernel may answer by SIGKILL")
  func forced() async throws {
    try await withName { (name) async throws in
      try await Wiring.check(
        """
        for words in [["create", N, "40M"], ["create", N, "--from", "-"], ["resize", N, "40M"],
                      ["map", N, "--populate", "--", "true"], ["map", "--anonymous", "40M", "--", "true"],
                      ["fill", N, "--zero"], ["write", N], ["copy", "-", N]]:
            with Group(24 * M) as group:
                if words[0] != "create":
                    create(N, "1M" if words[0] == "resize" else "40M", "--sparse")
                for force in ([], ["--force"]):
                    end = words.index("--") if "--" in words else len(words)
                    result = run(
                        *words[:end], *force, *words[end:], input=bytes(40 << 20),
                        preexec_fn=group.enter())
                    assert result.returncode == (-signal.SIGKILL if force else 79), (words, result)
            if os.path.exists(P):
                os.unlink(P)
        # The limits that the kernel refuses by an error are not touched by it.
        result = run("create", N, "100T", "--force")
        assert result.returncode == 79, result
        """, name.name)
    }
  }

  @Test("is bounded by every group above, by swap and memory together, and by the tightest limit")
  func ancestors() async throws {
    try await withName { (name) async throws in
      try await Wiring.check(
        """
        with Group(32 * M) as outer:
            inner = Group(256 * M, outer.path[1:] + "/inner")
            with inner as group:
                result = run("create", N, "40M", preexec_fn=group.enter())
                assert result.returncode == 79, result
                assert f"the control group {outer.path} leaves " in result.stderr.decode(), result
                assert run("create", N, "16M", preexec_fn=group.enter()).returncode == 0
            os.unlink(P)
        """, name.name)
    }
  }
}
