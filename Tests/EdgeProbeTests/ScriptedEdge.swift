import Glibc
import POSIX

@testable import SimulatedAWS

/// A listener on 127.0.0.1 that answers the first bytes of every connection with fixed bytes.
final class ScriptedEdge: Sendable {
  enum Ending: Sendable {
    case close, reset
  }

  let port: Int
  private let listener: TLSEdgeListener

  init(answer: [UInt8], then ending: Ending) throws {
    let listener = try TLSEdgeListener(address: "127.0.0.1", port: 0)
    self.listener = listener
    port = listener.port
    try listener.start { descriptor in
      // The probe sends one short flight, which arrives at once.
      var buffer = [UInt8](repeating: 0, count: 16_384)
      _ = recv(descriptor, &buffer, buffer.count, 0)
      if !answer.isEmpty { send(descriptor, answer, answer.count, 0) }
      if ending == .reset {
        var linger = linger(l_onoff: 1, l_linger: 0)
        setsockopt(
          descriptor, SOL_SOCKET, SO_LINGER, &linger, socklen_t(MemoryLayout<linger>.size))
      }
      close(descriptor)
    }
  }

  deinit { listener.stop() }

  /// A record with one TLS alert.
  static func alert(_ description: UInt8, level: UInt8 = 2) -> [UInt8] {
    [21, 3, 3, 0, 2, level, description]
  }
}
