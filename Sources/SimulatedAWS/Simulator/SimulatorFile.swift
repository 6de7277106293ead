package import Glibc
import POSIX

/// Small files that the simulator writes and reads.
package enum SimulatorFile {
  /// The maximum size of a scenario, in bytes.
  static let maximumSize = 64 << 20

  package static func write(
    _ text: String, to path: String, mode: mode_t = 0o600
  ) throws(SimulationProblem) {
    let descriptor = open(path, O_WRONLY | O_CREAT | O_TRUNC | O_CLOEXEC, mode)
    guard descriptor >= 0 else { throw problem("write", path) }
    defer { close(descriptor) }
    guard send(Array(text.utf8), to: descriptor) else { throw problem("write", path) }
  }

  /// Writes all bytes, and returns whether that worked.
  package static func send(_ bytes: [UInt8], to descriptor: Int32) -> Bool {
    var written = 0
    while written < bytes.count {
      let count = bytes[written...].withUnsafeBytes {
        Glibc.write(descriptor, $0.baseAddress, $0.count)
      }
      if count < 0, errno == EINTR { continue }
      guard count > 0 else { return false }
      written += count
    }
    return true
  }

  /// Reads a file, or standard input for `-`.
  package static func read(_ path: String) throws(SimulationProblem) -> [UInt8] {
    do throws(RegularFile.Failure) {
      if path == "-" { return try RegularFile.readToEnd(of: 0, limit: maximumSize) }
      return try RegularFile.read(path, limit: maximumSize)
    } catch {
      switch error {
      case .invalidPath, .isDirectory, .isSpecial:
        throw SimulationProblem("cannot read \(path): it is not a regular file")
      case .isLarger(let limit):
        throw SimulationProblem("\(path) is larger than \(limit) bytes")
      case .cannotOpen(let cause), .cannotRead(let cause):
        throw SimulationProblem("cannot read \(path): \(cause)")
      }
    }
  }

  /// Makes a new directory with a unique name.
  package static func makeDirectory(in parent: String) throws(SimulationProblem) -> String {
    var template = Array((parent + "/cognito-certd-simulator.XXXXXX").utf8CString)
    guard mkdtemp(&template) != nil else { throw problem("make a directory in", parent) }
    return String(decoding: template.dropLast().map(UInt8.init(bitPattern:)), as: UTF8.self)
  }

  package static func remove(_ paths: [String], directory: String) {
    for path in paths { unlink(path) }
    rmdir(directory)
  }

  private static func problem(_ verb: String, _ path: String) -> SimulationProblem {
    SimulationProblem("cannot \(verb) \(path): \(SystemError.last)")
  }
}
