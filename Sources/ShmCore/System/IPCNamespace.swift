import Glibc
import SystemPackage

extension RegionIdentity {
  /// The System V segment of this process's IPC namespace with a number.
  package static func ownSegment(_ identifier: Int32) -> RegionIdentity {
    RegionIdentity(segment: UInt64(identifier), namespace: IPCNamespace.own)
  }
}

/// Namespaces of System V segments, by the inodes of /proc/PID/ns/ipc. ipc_namespaces(7)
package enum IPCNamespace {
  /// This process's; 0 if unknown.
  package static var own: UInt64 {
    ((try? FileSystem.followedStatus("/proc/self/ns/ipc")).map { UInt64($0.st_ino) }) ?? 0
  }

  /// A process's; nil if it may not be asked.
  package static func of(_ process: Int32) -> UInt64? {
    let path = ProcessThreads.directory(of: process).appending("ns/ipc")
    return (try? FileSystem.followedStatus(path)).map { UInt64($0.st_ino) }
  }
}
