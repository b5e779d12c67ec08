import ShmCore
import ShmInspection

extension ListReport {
  /// The regions as metrics: their number and bytes by kind, owner and state, and the largest regions.
  ///
  /// - Parameters:
  ///   - top: the number of largest regions that get separate samples.
  ///   - isWhole: whether the host is described, too, because no region was filtered out.
  /// - Returns: the metrics. Without `top`, their number does not grow with the regions.
  func metrics(top: Int, isWhole: Bool) -> [MetricFamily] {
    let groups = Dictionary(grouping: regions) { MetricGroup($0) }
      .sorted { $0.key < $1.key }
    var count = MetricFamily("regions", nil, "Number of regions and streams.")
    for (group, rows) in groups { count.add(rows.count, group.labels) }
    var unknown = MetricFamily(
      "regions_unknown", nil,
      "Number of regions whose bytes are unknown, and not in the sum of the column.")
    var sums: [MetricFamily] = []
    for column in columns.shown {
      guard let amount = column.amount else { continue }
      var sum = MetricFamily(
        "regions_\(column.name)", .bytes, "Bytes of all regions: \(column.help).")
      for (group, rows) in groups where group.kind != ListKind.stream.rawValue {
        let known = rows.compactMap { amount($0).value }
        sum.add(known.isEmpty ? nil : known.reduce(0) { $0.addingCapped($1) }, group.labels)
        if known.count < rows.count {
          unknown.add(rows.count - known.count, group.labels + [("column", column.name)])
        }
      }
      sums.append(sum)
    }
    return [count] + sums + [unknown] + (isWhole ? host : []) + largest(top)
  }

  /// Figures of the whole host.
  private var host: [MetricFamily] {
    let account = account.value
    return [
      MetricFamily("shmem", .bytes, "Shared memory of the host as the kernel counts it (Shmem).")
        .with(account?.shmem),
      MetricFamily("shmem_listed", .bytes, "Part of Shmem that is in listed regions.")
        .with(account?.listed),
      MetricFamily("shmem_other_files", .bytes, "Part of Shmem that is in other files on tmpfs.")
        .with(account?.otherFiles),
      MetricFamily(
        "shmem_unaccounted", .bytes,
        "Part of Shmem that is in no file or region; negative if more is listed than counted."
      ).with(account?.unaccounted),
      MetricFamily(
        "hidden_processes", nil, "Number of processes that could not be inspected."
      ).with(hiddenProcesses),
      MetricFamily(
        "all_processes_visible", nil,
        "1 if /proc shows all processes of the host, 0 if it can hide some."
      ).with(seesAllProcesses ? 1 : 0),
      MetricFamily(
        "unreadable_sources", nil, "Number of directories and files that could not be read."
      ).with(unreadable.count),
    ]
  }

  /// The largest regions, with the same bytes as the sums.
  private func largest(_ top: Int) -> [MetricFamily] {
    guard top > 0 else { return [] }
    let sized = regions.filter { !$0.isStream && $0.size.value != nil }
    let rows = sized.sortedByMove {
      ($1.size.value ?? 0, $0.region) < ($0.size.value ?? 0, $1.region)
    }.prefix(top)
    // Two rows with the same labels would be one series.
    var seen: Set<String> = []
    let labelled = rows.map { (row: $0, labels: $0.labels) }
      .filter { seen.insert($0.labels.map(\.value).joined(separator: "\n")).inserted }
    return columns.shown.compactMap { column in
      guard let amount = column.amount else { return nil }
      var family = MetricFamily(
        "region_\(column.name)", .bytes, "Bytes of one of the largest regions: \(column.help).")
      for (row, labels) in labelled { family.add(amount(row).value, labels) }
      return family
    }
  }
}

/// The labels of a group of regions that share one sample.
private struct MetricGroup: Hashable, Comparable {
  let kind: String
  let owner: String
  let state: String

  init(_ row: ListReport.Row) {
    kind = row.kind
    owner = row.owner.text(\.printable)
    state =
      switch row.use {
      case .used: "used"
      case .unused: "unused"
      case .unseen: "unseen"
      case .unknown: "unknown"
      }
  }

  var labels: [(name: String, value: String)] {
    [("kind", kind), ("owner", owner), ("state", state)]
  }

  static func < (one: Self, other: Self) -> Bool {
    (one.kind, one.owner, one.state) < (other.kind, other.owner, other.state)
  }
}

extension ListReport.Row {
  /// What identifies the region in a metric.
  fileprivate var labels: [(name: String, value: String)] {
    [
      ("region", reference.value.map { RawField(reference: $0).text } ?? ""),
      ("name", (name.value ?? region).printable),
    ] + MetricGroup(self).labels + [("device", "\(device)"), ("inode", "\(inode)")]
  }
}

extension Int {
  /// The sum, at most the largest number.
  fileprivate func addingCapped(_ other: Int) -> Int {
    let (sum, isOverflow) = addingReportingOverflow(other)
    return isOverflow ? .max : sum
  }
}
