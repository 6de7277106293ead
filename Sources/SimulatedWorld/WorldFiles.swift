import Glibc
import SimulatedAWS

/// The few files that a simulated daemon reads.
enum WorldFiles {
  struct CannotWrite: Error {
    let path: String
    let code: Int32
  }

  static func write(_ text: String, to path: String) throws(CannotWrite) {
    guard let file = fopen(path, "w") else { throw CannotWrite(path: path, code: errno) }
    let bytes = Array(text.utf8)
    let written = fwrite(bytes, 1, bytes.count, file)
    guard fclose(file) == 0, written == bytes.count else {
      throw CannotWrite(path: path, code: errno)
    }
  }
}
