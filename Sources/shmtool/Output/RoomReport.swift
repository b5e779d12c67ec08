import ShmCore
import SystemPackage

/// The size of a region that could be created in a directory, and the limits on it.
struct RoomReport: Encodable {
  struct Bound: Encodable {
    let kind: String
    let name: String
    let available: Int
    /// Bytes; of inodes, and of a quota on files, their number.
    let maximum: Unknowable<Int>
  }

  struct Answer: Encodable {
    let need: Int
    /// null: unknown.
    let possible: Unknowable<Bool>
    let refusedBy: Unknowable<String>
    let reason: Unknowable<String>
    let hint: Unknowable<String>
  }

  let path: RawText
  let pageSize: Int
  let available: Unknowable<Int>
  let binding: Unknowable<String>
  /// The tightest first.
  let bounds: [Bound]
  /// The limits that could not be read, in words; empty if all were read.
  let unknown: [String]
  let answer: Unknowable<Answer>

  init(
    _ room: RegionRoom, in directory: FilePath, answer: RoomAnswer? = nil, remedy: String? = nil
  ) {
    path = RawText(directory.bytes)
    pageSize = room.pageSize
    available = Unknowable(room.unknowns.isEmpty ? room.available : nil)
    binding = Unknowable(room.unknowns.isEmpty ? room.binding?.name : nil)
    unknown = room.unknowns(answer?.need ?? 0).map(\.text)
    bounds = room.bounds.map {
      Bound(
        kind: $0.bound.kind, name: $0.name, available: $0.available, maximum: Unknowable($0.limit))
    }
    self.answer = Unknowable(
      answer.map {
        Answer(
          need: $0.need, possible: Unknowable($0.isYes), refusedBy: Unknowable($0.refusing?.name),
          reason: Unknowable($0.reason), hint: Unknowable(remedy))
      })
  }

  init(_ answer: RoomAnswer, in directory: FilePath, _ advice: Advice) {
    let remedies = [answer.shortage.map { advice.text(for: $0) }, answer.remedy?.words]
    let known = remedies.compactMap { $0 }
    self.init(
      answer.room, in: directory, answer: answer,
      remedy: known.isEmpty ? nil : known.joined(separator: "; "))
  }

  /// Whether the answer is no.
  var isRefused: Bool { answer.value?.possible.value == false }
  /// Whether there was a request whose answer is unknown.
  var isUnknown: Bool { answer.value.map { $0.possible.value == nil } ?? false }

  /// The limits and the answer, a line each.
  func text(_ style: TextStyle) -> String {
    func size(_ bytes: Int) -> String { Format.size(bytes, style) }
    let reasons = unknown.joined(separator: "; ")
    var text = "can be created now in \(path.printable): "
    text +=
      available.value != nil || unknown.isEmpty
      ? "\(available.text(size)), limited by \(binding.text { $0 })\n" : "unknown (\(reasons))\n"
    guard let answer = answer.value else { return text }
    switch answer.possible.value {
    case true?: text += "\(size(answer.need)) can be created in \(path.printable)\n"
    case nil: text += "whether \(size(answer.need)) can be created is unknown: \(reasons)\n"
    case false?:
      text += "\(size(answer.need)) cannot be created: \(answer.reason.text { $0 })"
      text += (answer.hint.value.map { "; \($0)" } ?? "") + "\n"
    }
    return text
  }
}
