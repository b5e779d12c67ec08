import ArgumentParser
import ShmCore

/// What `inspect` looks at: a region, or an address of a process.
enum InspectOperand {
  case region(RegionReference)
  case address(process: Int32, address: UInt64)

  /// How it is written.
  var text: RawText {
    switch self {
    case .region(let reference): RawText(reference)
    case .address(let process, let address): RawText("\(process)@\(Format.address(address))")
    }
  }

  /// Reads `PID@0xADDRESS`, else a region; `/1@0x2` is the region of that name.
  static func parse(_ text: String) throws -> InspectOperand {
    let parts = text.utf8.split(separator: UInt8(ascii: "@"), omittingEmptySubsequences: false)
    guard parts.count == 2, parts[1].starts(with: "0x".utf8),
      let process: Int32 = Digits.number(Substring(parts[0]))
    else { return .region(try RegionArgument.parse(text)) }
    let digits = Substring(parts[1].dropFirst(2))
    guard process > 0, let address: UInt64 = Digits.number(digits, radix: 16) else {
      throw ValidationError("expected an address of a process as PID@0xADDRESS, in hexadecimal")
    }
    return .address(process: process, address: address)
  }
}
