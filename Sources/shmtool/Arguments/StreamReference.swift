import ArgumentParser
import ShmCore
import ShmStreams
import SystemPackage

/// How a stream is named in a command: by its name, or `stream:NAME` if it could be a region, too.
enum StreamReference {
  /// The name of a stream as `send` and `recv` take it.
  static func parse(_ text: String) throws -> RegionName {
    let bytes = try RegionReference.decoded(ArgumentBytes.bytes(text))
    let prefix = RegionReference.streamPrefix.utf8
    let plain = bytes.starts(with: prefix) ? Array(bytes.dropFirst(prefix.count)) : bytes
    if plain.dropFirst().contains(UInt8(ascii: "/")) {
      throw ValidationError("a stream name cannot contain '/'")
    }
    return try RegionName(bytes: plain)
  }

  /// The name that follows `stream:`; nil without that prefix.
  static func name(_ bytes: [UInt8]) throws(ShmError) -> RegionName? {
    let prefix = RegionReference.streamPrefix.utf8
    guard bytes.starts(with: prefix) else { return nil }
    return try RegionName(bytes: Array(bytes.dropFirst(prefix.count)))
  }

  /// How a command that works on streams takes this one; nil if it would look elsewhere.
  static func argument(_ place: Rendezvous) -> [UInt8]? {
    guard (try? StreamArguments.place(place.name)) == place else { return nil }
    return argument(place.name)
  }

  /// The same of a name that is met where this process looks.
  static func argument(_ name: RegionName) -> [UInt8] {
    Array(RegionReference.streamPrefix.utf8) + name.bytes
  }
}

/// What `remove` takes.
enum RemovalOperand {
  case region(RegionReference)
  case stream(RegionName)

  /// How it is written.
  var text: RawText {
    switch self {
    case .region(let reference): RawText(reference)
    case .stream(let name): RawText(StreamReference.argument(name))
    }
  }

  static func parse(_ text: String) throws -> RemovalOperand {
    let bytes = ArgumentBytes.bytes(text)
    if let stream = try StreamReference.name(RegionReference.decoded(bytes)) {
      return .stream(stream)
    }
    return .region(try RegionReference(bytes: bytes))
  }
}
