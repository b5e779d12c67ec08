import ArgumentParser
import ShmCore
import ShmInspection

/// The objects that `inspect` shows, and the findings of the last inspection.
struct InspectLook {
  private var operands: [InspectOperand]
  private let pid: Int32?
  private let showsPages: Bool
  private let countsCharges: Bool
  private var addresses: [AddressInspection] = []
  private var found: [RegionInspection] = []
  private var before: [RegionIdentity: RegionInspection] = [:]

  /// - Parameters:
  ///   - operands: regions and addresses.
  ///   - pid: a process whose shared memory is inspected; nil without a process.
  ///   - showsPages: whether the runs are listed, with the visible frames.
  ///   - countsCharges: whether charges of control groups are counted for large regions, too.
  init(_ operands: [InspectOperand], pid: Int32?, showsPages: Bool, countsCharges: Bool) {
    self.countsCharges = countsCharges
    self.operands = operands
    self.pid = pid
    self.showsPages = showsPages
  }

  /// Whether nothing was found.
  var isEmpty: Bool { addresses.isEmpty && found.isEmpty }

  var report: InspectReport {
    InspectReport(
      regions: found.map {
        InspectReport.Entry($0, after: before[$0.status.identity], showsRuns: showsPages)
      },
      addresses: addresses.map { AddressReport($0) })
  }

  /// Looks once more. An operand that fails is reported, and not inspected again.
  ///
  /// - Returns: the first failure, as an error to end with.
  mutating func again() -> (any Error)? {
    before = found.reduce(into: [:]) { $0[$1.status.identity] = $1 }
    (found, addresses) = ([], [])
    var failure: (any Error)?
    do {
      let process = try pid.map { (pid) throws(ShmError) in try ProcessRegions(of: pid).regions }
      let scan = try RegionUsers.scan(for: identities(process ?? []))
      var left: [InspectOperand] = []
      do {
        try Operands.forEach(operands, named: \.text) { (operand) throws(ShmError) in
          try look(at: operand, scan)
          left.append(operand)
        }
      } catch {
        failure = error
      }
      operands = left
      try look(atAll: process ?? [], scan)
    } catch {
      failure = failure ?? error
    }
    return failure
  }

  private var largest: Int { countsCharges ? .max : PageCharges.quickly }

  private mutating func look(at operand: InspectOperand, _ scan: RegionUsers) throws(ShmError) {
    switch operand {
    case .region(let reference):
      found.append(
        try RegionInspection(reference, in: scan, frames: showsPages, chargesUpTo: largest))
    case .address(let process, let address):
      addresses.append(try AddressInspection(of: address, in: process))
    }
  }

  /// The regions of a process. If the process exits during the inspection, one error is reported, not one for each
  /// region.
  private mutating func look(
    atAll entries: [ProcessRegions.Entry], _ scan: RegionUsers
  ) throws {
    var isGone = false
    try Operands.forEach(entries) { (entry) throws(ShmError) in
      if isGone { return }
      do throws(ShmError) {
        found.append(try entry.inspection(in: scan, frames: showsPages, chargesUpTo: largest))
      } catch {
        guard let pid, ProcessRegions.isGone(pid) else { throw error }
        isGone = true
        throw ShmError(.notFound, "cannot inspect process \(pid)", "it exited in the meantime")
      }
    }
  }

  /// The regions for which the processes of the host are scanned, all in one scan.
  private func identities(_ process: [ProcessRegions.Entry]) -> Set<RegionIdentity> {
    var identities = Set(process.map(\.identity))
    for case .region(let reference) in operands {
      if case .systemV(let identifier) = reference {
        identities.insert(.ownSegment(identifier))
      }
      // A region that cannot be opened is reported later, in the order of the operands.
      if let region = try? Region.open(reference, access: .status),
        let status = try? region.status()
      {
        identities.insert(status.identity)
      }
    }
    return identities
  }
}
