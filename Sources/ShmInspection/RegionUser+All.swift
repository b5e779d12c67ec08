import ShmCore

extension RegionUser {
  /// The processes that /proc shows, whatever they use.
  package static func all() -> [RegionUser] {
    var buffer = [UInt8](repeating: 0, count: 65536)
    let processes = (try? ProcessDirectory.processes(buffer: &buffer)) ?? []
    return processes.map { RegionUser(process: $0) }
  }
}
