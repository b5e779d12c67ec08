import ShmCore
import SystemPackage

/// How to raise a limit in the place of a process, as a sentence.
struct Advice {
  let place: Place

  init(_ place: Place) {
    self.place = place
  }

  /// The advice about a limit that is too low: a command or a setting that works in this environment, and the evidence
  /// for the environment. If the environment is unknown, the advice is general.
  func text(for shortage: LimitShortage) -> String {
    switch shortage.limit {
    case .resource(let resource, let hard): resourceText(shortage, resource, hard: hard)
    case .memoryGroup(_, let path, let file): groupText(shortage, path, file)
    case .fileSystem(let point): fileSystemText(shortage, point)
    case .inodes(let point): inodeText(shortage, point)
    case .hugePages(let pageSize): poolText(shortage, pageSize)
    case .hugePageGroup(_, let path, let file): hugeGroupText(shortage, path, file)
    case .systemCallFilter: filterText(shortage)
    case .mappingCount, .commit: kernelText(shortage)
    case .memory: memoryText(shortage)
    }
  }

  /// The place in words, and its evidence: `a Docker container (/.dockerenv)`.
  var seen: String {
    if !place.contradictions.isEmpty {
      let marks = place.contradictions.map { "\($0.mark.text): \(name($0))" }
      return "unknown, because its marks contradict each other (\(marks.joined(separator: "; ")))"
    }
    guard !place.layers.isEmpty else { return "unknown: no marks were found" }
    return place.layers.reversed().map { "\(name($0)) (\($0.mark.text))" }
      .joined(separator: " in ")
  }

  /// The place in words alone.
  var name: String {
    place.layers.isEmpty
      ? "unknown" : place.layers.reversed().map { name($0) }.joined(separator: " in ")
  }

  private func name(_ layer: Place.Evidence) -> String {
    let words = AdviceWords(place, layer)
    if layer.kind == .systemService, layer.name == nil { return "a system service" }
    return words.fill(AdviceTable.row(layer.kind).name) ?? AdviceTable.row(layer.kind).name
  }

  /// Advice for the place by its evidence; the general form if the place is unknown.
  func advise(_ shortage: LimitShortage, _ advice: String?, of layer: Place.Evidence?) -> String {
    if let advice, let layer {
      return "this looks like \(name(layer)) (\(layer.mark.text)): \(advice)"
    }
    if let advice { return advice }
    return place.layers.isEmpty ? "\(shortage) (the environment is \(seen))" : "\(shortage)"
  }
}

extension Place.Mark {
  /// The evidence in words.
  var text: String {
    switch self {
    case .controlGroup(let path): "control group \(Escaping.printable(path.bytes))"
    case .file(let path): "\(path)"
    case .environment(let name): name
    case .initEnvironment(let entry): "\(entry) of process 1"
    case .kernel(let release): "kernel \(release)"
    case .terminal: "a terminal"
    case .userNamespace(let map): map.map { "uid map \($0)" } ?? "another user namespace"
    }
  }
}
