import SystemPackage

/// The figures of /proc/meminfo, in bytes. proc_meminfo(5)
///
/// ```swift
/// if let memory = MemoryInformation.current() { print(memory.available ?? -1) }
/// ```
public struct MemoryInformation: Sendable {
  private let fields: [String: Int]

  /// Parses the text of /proc/meminfo; lines of another form are passed over.
  ///
  /// - Complexity: linear in the text.
  package init(parsing text: [UInt8]) {
    var fields: [String: Int] = [:]
    for line in ProcText.lines(text) {
      guard let field = ProcText.field(line) else { continue }
      fields[field.name] = ProcText.amount(field.value)
    }
    self.fields = fields
  }

  /// The current figures of the machine; nil if /proc cannot be read.
  public static func current() -> MemoryInformation? {
    guard let text = try? FileSystem.contents(of: "/proc/meminfo") else { return nil }
    return MemoryInformation(parsing: text)
  }

  /// The value of the line `name`, in bytes (in pages or a plain count if the line has no unit); nil if there is no
  /// such line.
  public subscript(name: String) -> Int? {
    fields[name]
  }

  /// The RAM the kernel can use.
  public var total: Int? { self["MemTotal"] }
  /// The memory that is available without swapping, as estimated by the kernel.
  public var available: Int? { self["MemAvailable"] }
  /// All swap.
  public var swapTotal: Int? { self["SwapTotal"] }
  /// Swap that is not used.
  public var swapFree: Int? { self["SwapFree"] }
}
