import ShmCore
import SystemPackage

/// The words that stand for a `$name` in the table of advice.
struct AdviceWords {
  private var words: [String: String] = [:]

  init(_ place: Place, _ layer: Place.Evidence?) {
    let process = place.process
    let user = layer?.manager ?? process.user
    words["unit"] = layer?.name.map { Escaping.word($0) }
    words["engine"] = layer?.name.map { Escaping.word($0) } ?? "an unknown engine"
    words["runtime"] =
      layer?.name.map { Escaping.word($0) }
      ?? "containerd.service' or 'systemctl edit crio.service"
    words["host"] = layer?.kind == .kubernetes ? "node" : "host"
    words["uid"] = user.map { "\($0)" }
    // limits.conf(5) takes a range of numbers for a user without a name.
    words["user"] = process.user.map { identifier in
      UserNames.name(identifier).map { Escaping.printable($0) } ?? "\(identifier):\(identifier)"
    }
    words["pid"] = Self.starter(process).map { "\($0)" }
  }

  /// Replaces each `$name`; nil if one of them is unknown. A command that contains a quoted word gets double quotes.
  func fill(_ template: String) -> String? {
    var text = ""
    // Whether the text so far ends within a quoted command of the template.
    var isQuoted = false
    var rest = template[...]
    while let dollar = rest.firstIndex(of: "$") {
      text += rest[..<dollar]
      if !rest[..<dollar].count(where: { $0 == "'" }).isMultiple(of: 2) { isQuoted.toggle() }
      rest = rest[dollar...].dropFirst()
      let name = rest.prefix { $0.isASCII && $0.isLetter }
      // The longest word that is known: `$mebibytesM` has a unit after it.
      guard
        let known = (0..<name.count).map({ name.dropLast($0) }).first(where: {
          words[String($0)] != nil
        }), let word = words[String(known)]
      else { return nil }
      rest = rest.dropFirst(known.count)
      if word.hasPrefix("'"), isQuoted,
        let open = text.lastIndex(of: "'"), let close = rest.firstIndex(of: "'")
      {
        // The closing quote is replaced as well, so it ends nothing.
        isQuoted = false
        text.replaceSubrange(open...open, with: "\"")
        rest.replaceSubrange(close...close, with: "\"")
      }
      text += word
    }
    return text + rest
  }

  mutating func set(_ name: String, _ word: String?) {
    words[name] = word
  }

  /// The parent, because this process has ended when the user reads the message, and the parent passes its limits on.
  /// Empty if the parent is outside of the PID namespace, where it has another number.
  private static func starter(_ process: Place.Facts) -> Int32? {
    let number = process.isOwn ? process.parent : process.process
    return number.flatMap { $0 > 0 ? $0 : nil }
  }
}

extension AdviceWords {
  /// The words of a resource limit.
  mutating func setResource(_ resource: LimitShortage.Resource, needed: Int?) {
    let (name, directive) =
      switch resource {
      case .memlock: ("memlock", "LimitMEMLOCK")
      case .addressSpace: ("as", "LimitAS")
      case .openFiles: ("nofile", "LimitNOFILE")
      case .fileSize: ("fsize", "LimitFSIZE")
      }
    set("resource", name)
    set("RESOURCE", name.uppercased())
    set("directive", directive)
    set("value", needed.map { "\($0)" } ?? "unlimited")
    // Docker and Podman write no limit as -1.
    set("ulimit", needed.map { "\($0):\($0)" } ?? "-1:-1")
    set("setting", needed.map { "\($0)" } ?? "infinity")
    set("units", needed.map { "\(resource.shellUnits($0))" } ?? "unlimited")
  }

  /// The words of a size in bytes.
  mutating func setBytes(_ needed: Int?) {
    guard let needed else { return }
    set("value", "\(needed)")
    set("mebibytes", "\(PageMath.pages(needed, of: 1 << 20))")
  }

  /// The words of a pool of huge pages.
  mutating func setPages(_ pageSize: Int, needed: Int?) {
    guard let needed, let pool = HugePagePool.pool(ofPageSize: pageSize) else { return }
    set("pages", "\(needed)")
    set("poolfile", "\(pool.sizeFile)")
    set("podpages", "hugepages-" + ByteCount(pageSize).exact.filter { $0 != " " && $0 != "B" })
  }
}

extension LimitShortage.Resource {
  /// A shell's option of ulimit.
  var option: String {
    switch self {
    case .memlock: "-l"
    case .addressSpace: "-v"
    case .openFiles: "-n"
    case .fileSize: "-f"
    }
  }

  /// A shell counts bytes in units of 1 KiB, as limits.conf(5) does.
  func shellUnits(_ value: Int) -> Int {
    self == .openFiles ? value : PageMath.pages(value, of: 1024)
  }
}
