import FoundationEssentials
import ShmCore

/// An earlier run, as `bench --json` has printed it.
struct BenchBaseline {
  /// The known facts of the machine by their keys in the report. Numbers are texts of their digits.
  let machine: [String: String]
  /// The series that this version knows.
  let series: [BenchSeries]

  /// Reads a report.
  ///
  /// - Parameters:
  ///   - json: the contents of the file.
  ///   - attempt: what fails without the report, such as `cannot compare with 'before.json'`.
  /// - Throws: `ShmError` of kind `usage` if it is JSON, but no report of `bench`; of kind `damaged` if it is no
  ///   complete JSON, or a series has no valid values.
  init(json: [UInt8], attempt: String) throws(ShmError) {
    let decoder = JSONDecoder()
    decoder.keyDecodingStrategy = .convertFromSnakeCase
    let data = Data(json)
    let head: Head
    do {
      head = try decoder.decode(Head.self, from: data)
    } catch DecodingError.dataCorrupted(let context) where context.codingPath.isEmpty {
      throw ShmError(.damaged, attempt, "the file is not valid JSON")
    } catch {
      throw Self.foreign(attempt)
    }
    guard head.action == "bench" else { throw Self.foreign(attempt) }
    guard head.schema == Output.schema else {
      throw ShmError(
        .usage, attempt,
        "the report has schema \(head.schema), and this version reads schema \(Output.schema)")
    }
    let body: Body
    do {
      body = try decoder.decode(Body.self, from: data)
    } catch {
      throw ShmError(.damaged, attempt, Self.reason(error))
    }
    machine = body.machine.compactMapValues(\.text)
    series = body.series.compactMap(\.series)
    for (index, one) in series.enumerated() where !one.isValid {
      throw ShmError(
        .damaged, attempt,
        "series \(index) (\(one.test.rawValue), \(Escaping.printable(one.method))) has an invalid value"
      )
    }
  }

  /// The facts of a machine as an earlier run has them.
  static func facts(_ machine: some Encodable) -> [String: String] {
    let text = (try? JSONText.encode(machine)) ?? ""
    let facts = try? JSONDecoder().decode([String: Fact].self, from: Data(text.utf8))
    return facts?.compactMapValues(\.text) ?? [:]
  }

  private static func foreign(_ attempt: String) -> ShmError {
    ShmError(.usage, attempt, "the file is not a report of 'shmtool bench --json'")
  }

  /// Which value is missing or has an unexpected type.
  private static func reason(_ error: any Error) -> String {
    guard let error = error as? DecodingError else { return "the report is incomplete" }
    func place(_ path: [any CodingKey]) -> String {
      let keys = path.map { $0.intValue.map(String.init) ?? Escaping.printable($0.stringValue) }
      return keys.isEmpty ? "the report" : "'\(keys.joined(separator: "."))' of the report"
    }
    switch error {
    case .keyNotFound(let key, let context):
      return "\(place(context.codingPath + [key])) is missing"
    case .valueNotFound(_, let context): return "\(place(context.codingPath)) is null"
    case .typeMismatch(_, let context):
      return "\(place(context.codingPath)) has an unexpected type"
    case .dataCorrupted(let context): return "\(place(context.codingPath)) is invalid"
    @unknown default: return "the report is incomplete"
    }
  }

  /// What tells whether the rest can be read.
  private struct Head: Decodable {
    let schema: Int
    let action: String
  }

  private struct Body: Decodable {
    /// The decoder does not convert the keys of a dictionary.
    let machine: [String: Fact]
    let series: [Entry]
  }

  /// A fact of the machine: a word, a number or a truth value; nil if it was unknown.
  private struct Fact: Decodable {
    let text: String?

    init(from decoder: any Decoder) throws {
      let container = try decoder.singleValueContainer()
      if container.decodeNil() {
        text = nil
      } else if let number = try? container.decode(Int.self) {
        text = "\(number)"
      } else if let number = try? container.decode(Double.self) {
        text = "\(number)"
      } else if let truth = try? container.decode(Bool.self) {
        text = "\(truth)"
      } else {
        // A fact with parts is not compared.
        text = try? container.decode(String.self)
      }
    }
  }

  /// A series; nil if a later version has measured it.
  private struct Entry: Decodable {
    let series: BenchSeries?

    private struct Words: Decodable {
      let test: String
      let unit: String
    }

    init(from decoder: any Decoder) throws {
      let words = try Words(from: decoder)
      let isKnown =
        BenchTest(rawValue: words.test) != nil && BenchSeries.Unit(rawValue: words.unit) != nil
      series = isKnown ? try BenchSeries(from: decoder) : nil
    }
  }
}

extension BenchSeries {
  /// Whether the values can be compared and drawn.
  fileprivate var isValid: Bool {
    let values = distribution
    let all =
      samples + [values.min, values.p50, values.p90, values.p99, values.p999, values.max]
    let latencies = coreLatencies ?? Array(repeating: nil, count: samples.count)
    return !samples.isEmpty && size >= 0 && receivers > 0 && latencies.count == samples.count
      && (all + latencies.compactMap(\.self)).allSatisfy {
        (0...Double(JSONText.largestNumber)).contains($0)
      }
  }
}
