import Glibc
import ShmCore
import SystemPackage

/// The files of the project, if the tests run in the directory of their build.
enum Sources {
  /// The top folder of the project, when the tests were built.
  static let root: String =
    #filePath.split(separator: "/").dropLast(4).map { "/" + $0 }.joined()

  /// Whether this user can read the files: the tests may run in a copy, as another user.
  static let areReadable: Bool = unsafe access(root + "/Package.swift", R_OK) == 0

  /// Whether they are those of a commit.
  static let isCheckout: Bool = unsafe access(root + "/.git", F_OK) == 0

  /// The text of a file of the project.
  static func text(of path: String) throws -> String {
    String(decoding: try FileSystem.contents(of: FilePath("\(root)/\(path)")), as: UTF8.self)
  }
}
