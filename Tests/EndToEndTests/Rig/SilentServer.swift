import Glibc
import POSIX

/// A port on 127.0.0.1 that takes connections and never answers.
final class SilentServer: Sendable {
  let port: UInt16
  private let listener: Int32

  init() throws {
    // Close on exec.
    let listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue) | 0o2000000, 0)
    self.listener = listener
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var length = socklen_t(MemoryLayout<sockaddr_in>.size)
    let bound = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(listener, generic, length) == 0 && listen(listener, 64) == 0
          && getsockname(listener, generic, &length) == 0
      }
    }
    port = UInt16(bigEndian: address.sin_port)
    guard bound else { throw SystemError.last }
  }

  deinit { close(listener) }

  var url: String { "http://127.0.0.1:\(port)" }
}
