import ShmCore

extension Remedy {
  /// The remedy in the terms of the command line.
  var words: String {
    switch self {
    case .allowShrinking: "use --shrink if that is intended"
    case .leaveHoles: "use --sparse if SIGBUS on exhausted memory is acceptable"
    case .giveLength: "give --length"
    case .usePageCache: "copy it without --direct, through the page cache"
    case .enlargeRing: "use a larger --capacity"
    case .listRegions: "run 'shmtool list'"
    case .allowProcessMemory:
      "\(description); a container runtime does with --cap-add SYS_PTRACE"
    case .advice: description
    }
  }
}
