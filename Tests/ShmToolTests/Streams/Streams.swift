import ShmTestSupport
import Testing

/// Streams of the binary, driven by Python.
enum Streams {
  /// Runs a script whose assertions must hold: N is a stream's name, SOCKET its place, F a file's
  /// path.
  static func check(
    _ script: String, _ arguments: String..., sourceLocation: SourceLocation = #_sourceLocation
  ) async throws {
    // The file goes with the name.
    let name = TestName("stream")
    let result = try await Python.run(prelude + script, [name.name] + arguments)
    if result.code != 0 {
      Issue.record("\(result.text)\n\(result.error)", sourceLocation: sourceLocation)
    }
    withExtendedLifetime(name) {}
  }

  private static let prelude = """
    import threading
    SOCKET = f"/dev/shm/.shmtool-{os.geteuid()}/{N}"
    F = P
    # The reading end of a pipe that somebody writes bytes into.
    def feed(data):
        reader, writer = os.pipe()
        def work():
            try:
                with os.fdopen(writer, "wb") as file:
                    file.write(data)
            except BrokenPipeError:
                pass
        threading.Thread(target=work, daemon=True).start()
        return reader
    # That many bytes, however many reads it takes.
    def exactly(stream, count):
        data = b""
        while len(data) < count:
            more = stream.read(count - len(data))
            assert more, f"it ended after {len(data)} of {count} bytes"
            data += more
        return data
    # What is being written beside a file.
    def beside(path):
        return [name for name in os.listdir(os.path.dirname(path))
                if name.startswith("." + os.path.basename(path) + ".")]
    # All that a process writes, read meanwhile.
    class Reader(threading.Thread):
        def __init__(self, process):
            super().__init__(daemon=True)
            self.process, self.out = process, b""
            self.start()
        def run(self):
            self.out = self.process.stdout.read()
    def clear():
        for path in (SOCKET, F):
            try:
                os.unlink(path)
            except OSError:
                pass
        try:
            os.rmdir(os.path.dirname(SOCKET))
        except OSError:
            pass
    atexit.register(clear)
    # What was started is ended first.
    atexit.unregister(end_all)
    atexit.register(end_all)

    """
}
