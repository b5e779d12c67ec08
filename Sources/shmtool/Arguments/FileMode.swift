import SystemPackage

/// Permission bits as chmod(1) takes them: in octal (`600`, `0640`), or symbolic (`u=rw,g=r`, `g+r`), relative to the
/// default mode. The umask has no effect. Bits other than permissions (set-user-ID, sticky) are refused.
struct FileMode: ArgumentWord {
  static let form = "expected an octal mode from 000 to 777, or a symbolic mode such as u=rw,g=r"

  /// The mode of a new region without `--mode`, and the mode that a symbolic mode changes.
  static let usual = FileMode(.ownerReadWrite)

  let permissions: FilePermissions

  init(_ permissions: FilePermissions) {
    self.permissions = permissions
  }

  init?(argument: String) {
    let bits = argument.first?.isNumber == true ? Self.octal(argument) : Self.symbolic(argument)
    guard let bits else { return nil }
    self.init(FilePermissions(rawValue: bits))
  }

  private static func octal(_ text: String) -> CModeT? {
    Digits.number(text, radix: 8).flatMap { $0 <= 0o777 ? $0 : nil }
  }

  /// Clauses separated by commas, each with classes of users and one or more actions.
  private static func symbolic(_ text: String) -> CModeT? {
    var mode = usual.permissions.rawValue
    for clause in text.utf8.split(separator: UInt8(ascii: ","), omittingEmptySubsequences: false) {
      guard let changed = changed(mode, by: clause) else { return nil }
      mode = changed
    }
    return mode
  }

  /// A mode after a clause such as `u=rw`, `go-w+r` or `+x`; nil if the clause is invalid.
  private static func changed(_ mode: CModeT, by clause: Substring.UTF8View) -> CModeT? {
    var rest = clause[...]
    var classes: CModeT = 0
    while let bits = rest.first.flatMap(classBits) {
      classes |= bits
      rest.removeFirst()
    }
    if classes == 0 { classes = 0o777 }
    guard !rest.isEmpty else { return nil }
    var mode = mode
    while let operation = rest.popFirst() {
      guard let bits = permissionBits(&rest, of: mode) else { return nil }
      switch operation {
      case UInt8(ascii: "+"): mode |= bits & classes
      case UInt8(ascii: "-"): mode &= ~(bits & classes)
      case UInt8(ascii: "="): mode = mode & ~classes | bits & classes
      default: return nil
      }
    }
    return mode
  }

  private static func classBits(_ letter: UInt8) -> CModeT? {
    switch letter {
    case UInt8(ascii: "u"): 0o700
    case UInt8(ascii: "g"): 0o070
    case UInt8(ascii: "o"): 0o007
    case UInt8(ascii: "a"): 0o777
    default: nil
    }
  }

  /// The permissions up to the next operation, for all classes: letters, or the class whose permissions are copied.
  private static func permissionBits(
    _ rest: inout Substring.UTF8View.SubSequence, of mode: CModeT
  ) -> CModeT? {
    let operations: [UInt8] = [UInt8(ascii: "+"), UInt8(ascii: "-"), UInt8(ascii: "=")]
    let letters = rest.prefix { !operations.contains($0) }
    rest = rest[letters.endIndex...]
    if letters.count == 1, let copied = letters.first.flatMap(classBits), copied != 0o777 {
      // The three bits of the class, repeated for every class.
      return (mode & copied) / (copied & 0o111) * 0o111
    }
    var bits: CModeT = 0
    for letter in letters {
      switch letter {
      case UInt8(ascii: "r"): bits |= 0o444
      case UInt8(ascii: "w"): bits |= 0o222
      case UInt8(ascii: "x"): bits |= 0o111
      // Executable only if it is executable for a class of users already.
      case UInt8(ascii: "X"): bits |= mode & 0o111 == 0 ? 0 : 0o111
      default: return nil
      }
    }
    return bits
  }
}
