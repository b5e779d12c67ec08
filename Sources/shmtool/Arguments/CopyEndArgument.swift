import ArgumentParser
import ShmCore
import SystemPackage

/// An end of a copy as a user writes it: a region with `@OFFSET`, `PID@0xADDRESS`, `file:PATH` with
/// `@OFFSET`, or `-`.
enum CopyEndArgument {
  static func parse(_ text: String) throws -> CopyEnd {
    if text == "-" { return .standard }
    let (name, place) = split(text)
    if let process = Digits.number(name, as: Int32.self), let place, isHexadecimal(place) {
      guard process > 0, let address: UInt64 = Digits.number(place.dropFirst(2), radix: 16) else {
        throw ValidationError(
          "a process's memory is written PID@0xADDRESS, with an address of 64 bits")
      }
      return .process(process, address: address)
    }
    // What is no offset belongs to the name, which may hold anything.
    let offset = place.flatMap { ByteSize(argument: String($0)) }?.bytes
    let whole = offset == nil ? text : String(name)
    // A path of its own, and no region: it may be a device, or grow.
    if whole.utf8.starts(with: "file:".utf8), case .file(let path) = try RegionReference(whole) {
      return .file(path, offset: offset)
    }
    return .region(try RegionReference(whole), offset: offset ?? 0)
  }

  private static func split(_ text: String) -> (Substring, Substring?) {
    guard let mark = text.lastIndex(of: "@") else { return (text[...], nil) }
    return (text[..<mark], text[text.index(after: mark)...])
  }

  private static func isHexadecimal(_ place: Substring) -> Bool {
    place.lowercased().hasPrefix("0x")
  }
}
