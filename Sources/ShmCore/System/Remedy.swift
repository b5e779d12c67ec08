/// What can be done about an error, for a program to word in its own terms.
///
/// A program with options, buttons or settings can name the one that applies. `description` is a sentence
/// that holds for every program.
///
/// ```swift
/// do {
///   let region = try Region.open(RegionReference("cache"))
///   try region.resize(to: 4096)
/// } catch {
///   switch error.remedy {
///   case .allowShrinking: print("press Shift to make the region smaller")
///   case let remedy?: print(remedy)
///   case nil: break
///   }
/// }
/// ```
public enum Remedy: Hashable, Sendable {
  /// Advice that holds for every program.
  case advice(String)
  /// Allow the region to become smaller, which loses what lies beyond the new end.
  case allowShrinking
  /// Create the region with holes instead of reserving its memory.
  case leaveHoles
  /// Give the number of bytes, which neither end of the copy has.
  case giveLength
  /// Copy through the page cache instead of direct I/O.
  case usePageCache
  /// Use a ring with a larger capacity.
  case enlargeRing
  /// Look at the list of regions.
  case listRegions
  /// Allow process_vm_readv(2) and process_vm_writev(2) in the sandbox.
  case allowProcessMemory
}

extension Remedy: CustomStringConvertible {
  /// The advice in words that hold for every program.
  public var description: String {
    switch self {
    case .advice(let text): text
    case .allowShrinking: "allow it to shrink if that is intended"
    case .leaveHoles: "create it with holes, if SIGBUS on exhausted memory is acceptable"
    case .giveLength: "give the number of bytes"
    case .usePageCache: "copy it through the page cache"
    case .enlargeRing: "use a ring with a larger capacity"
    case .listRegions: "list the regions"
    case .allowProcessMemory: "allow process_vm_readv and process_vm_writev in the sandbox"
    }
  }
}

extension Remedy: ExpressibleByStringInterpolation {
  /// Advice in words.
  public init(stringLiteral text: String) {
    self = .advice(text)
  }
}
