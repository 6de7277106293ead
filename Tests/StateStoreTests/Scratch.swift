import Foundation
import Glibc
import TestSupport

/// A directory of a test's own, removed when the test lets it go.
final class Scratch: Sendable {
  private let directory: TemporaryDirectory
  var path: String { directory.path }
  var state: String { path + "/state.sqlite" }

  init() throws { directory = try TemporaryDirectory() }

  func names() throws -> [String] {
    try FileManager.default.contentsOfDirectory(atPath: path).sorted()
  }
}

func bytes(_ path: String) throws -> [UInt8] {
  [UInt8](try Data(contentsOf: URL(fileURLWithPath: path)))
}

func write(_ bytes: [UInt8], to path: String) throws {
  try Data(bytes).write(to: URL(fileURLWithPath: path))
}

func exists(_ path: String) -> Bool {
  var info = stat()
  return lstat(path, &info) == 0
}

func permissions(_ path: String) -> mode_t? {
  var info = stat()
  return lstat(path, &info) == 0 ? info.st_mode & 0o777 : nil
}

/// Size and time of the last change, to the nanosecond.
func stamp(_ path: String) -> [Int] {
  var info = stat()
  guard lstat(path, &info) == 0 else { return [] }
  return [
    Int(info.st_size), info.st_mtim.tv_sec, info.st_mtim.tv_nsec, info.st_ctim.tv_sec,
    info.st_ctim.tv_nsec,
  ]
}

/// Every file of a directory with its bytes.
func image(of directory: String) throws -> [String: [UInt8]] {
  var image: [String: [UInt8]] = [:]
  for name in try FileManager.default.contentsOfDirectory(atPath: directory) {
    image[name] = try bytes(directory + "/" + name)
  }
  return image
}
