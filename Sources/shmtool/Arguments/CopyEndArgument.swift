import ArgumentParser
import ShmCopying
import ShmCore
import SystemPackage

/// An end of a copy as a user writes it: a region with `@OFFSET`, `PID@0xADDRESS`, `file:PATH` with
/// `@OFFSET`, or `-`.
enum CopyEndArgument {
  static func parse(_ text: String) throws -> CopyEnd {
    let bytes = ArgumentBytes.bytes(text)
    if bytes.elementsEqual("-".utf8) { return .standard }
    let (name, place) = split(bytes)
    if let place, place.lowercased().utf8.starts(with: "0x".utf8),
      let process = Digits.number(String(decoding: name, as: UTF8.self), as: Int32.self)
    {
      guard process > 0, let address: UInt64 = Digits.number(place.dropFirst(2), radix: 16) else {
        throw ValidationError(
          "expected the memory of a process as PID@0xADDRESS, with an address of 64 bits")
      }
      return .process(process, address: address)
    }
    // What is no offset belongs to the name, which may hold anything.
    let offset = place.flatMap { ByteSize(argument: $0) }?.bytes
    let whole = try RegionReference.decoded(offset == nil ? bytes : Array(name))
    let reference = try RegionReference(bytes: whole)
    // A file, not a region: it may be a device, or grow.
    if whole.starts(with: "file:".utf8), case .file(let path) = reference {
      return .file(path, offset: offset)
    }
    return .region(reference, offset: offset ?? 0)
  }

  /// What stands before the last `@`, and what follows it, if that is text.
  private static func split(_ bytes: [UInt8]) -> (name: ArraySlice<UInt8>, place: String?) {
    guard let mark = bytes.lastIndex(of: UInt8(ascii: "@")) else { return (bytes[...], nil) }
    return (bytes[..<mark], String(validating: bytes[(mark + 1)...], as: UTF8.self))
  }
}
