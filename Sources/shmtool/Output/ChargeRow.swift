import ShmCore
import ShmInspection

/// The bytes of a region that a control group is charged for.
struct ChargeRow: Encodable {
  /// Null for a group that cannot be seen from here.
  let version: Unknowable<Int>
  let path: Unknowable<RawText>
  /// The number of the group's directory; 0 for pages that no group is charged for.
  let inode: UInt64
  let bytes: Int

  static func all(_ charges: PageCharges) -> [ChargeRow] {
    charges.charges.map {
      ChargeRow(
        version: Unknowable($0.group?.version),
        path: Unknowable($0.group.map { RawText($0.path.bytes) }), inode: $0.inode,
        bytes: $0.bytes)
    }
  }

  /// The group for the text.
  var name: String {
    if inode == 0 { return "no control group" }
    guard let version = version.value, let path = path.value else {
      return "a control group that is not visible here (inode \(inode))"
    }
    return "cgroup v\(version) \(path.printable)"
  }

  /// The group and its bytes for scripts: `/user.slice=4096`. Bytes of a path that separate fields are percent-encoded.
  var field: String {
    guard let path = path.value else { return "\(inode == 0 ? "none" : "#\(inode)")=\(bytes)" }
    let isPlain =
      path.bytes.allSatisfy { !",=%".utf8.contains($0) }
      && Escaping.field(path.bytes).utf8.elementsEqual(path.bytes)
    let name =
      isPlain ? String(decoding: path.bytes, as: UTF8.self) : EncodedBytes.text(path.bytes)
    return "\(name)=\(bytes)"
  }

  /// The group that is charged most, and how many more there are.
  static func largest(_ rows: [ChargeRow], _ style: TextStyle) -> String {
    guard let first = rows.first else { return "-" }
    let place = first.path.value?.printable ?? (first.inode == 0 ? "none" : "#\(first.inode)")
    let more = rows.count > 1 ? ", \(rows.count - 1) more" : ""
    return "\(place) \(Format.size(first.bytes, style))\(more)"
  }
}
