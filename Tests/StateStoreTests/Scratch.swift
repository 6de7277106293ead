import Foundation
import Glibc

/// A directory of a test's own, removed when the test lets it go.
final class Scratch: Sendable {
  let path: String
  var state: String { path + "/state.sqlite" }

  init() throws {
    path = NSTemporaryDirectory() + "cognito-certd-store-" + UUID().uuidString
    try FileManager.default.createDirectory(atPath: path, withIntermediateDirectories: true)
  }

  deinit { try? FileManager.default.removeItem(atPath: path) }

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

/// A generator with a seed, so that a failure comes back.
struct SeededGenerator: RandomNumberGenerator {
  var state: UInt64

  mutating func next() -> UInt64 {
    state &+= 0x9e37_79b9_7f4a_7c15
    var mixed = state
    mixed = (mixed ^ (mixed >> 30)) &* 0xbf58_476d_1ce4_e5b9
    mixed = (mixed ^ (mixed >> 27)) &* 0x94d0_49bb_1331_11eb
    return mixed ^ (mixed >> 31)
  }
}
