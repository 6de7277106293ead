import Glibc
import RolloutCore

/// Why there is no connection to an edge.
enum ConnectFailure: Error, Equatable {
  /// This host has no route to the address's family. It says nothing about the edge.
  case noRoute
  case failed(EdgeProbeError)

  init(code: Int32) {
    switch code {
    case ENETUNREACH, EAFNOSUPPORT, EADDRNOTAVAIL: self = .noRoute
    default: self = .failed(.system(code))
    }
  }
}

/// A new non-blocking TCP connection, which is closed when it is released.
final class EdgeConnection: Sendable {
  let descriptor: Int32

  private init(to address: EdgeAddress) throws(ConnectFailure) {
    let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    descriptor = socket(address.socketFamily, Int32(SOCK_STREAM.rawValue) | flags, 0)
    if descriptor < 0 { throw ConnectFailure(code: errno) }
  }

  deinit { close(descriptor) }

  static func open(
    to address: EdgeAddress, within limit: Duration, _ reactor: Reactor
  ) async throws(ConnectFailure) -> EdgeConnection {
    let connection = try EdgeConnection(to: address)
    let deadline: Deadline
    do throws(EdgeProbeError) {
      deadline = try Deadline(after: limit)
    } catch {
      throw .failed(error)
    }
    let code = address.withSocketAddress { pointer, length -> Int32 in
      connect(connection.descriptor, pointer, length) == 0 ? 0 : errno
    }
    if code == 0 { return connection }
    guard code == EINPROGRESS else { throw ConnectFailure(code: code) }
    switch await reactor.wait(for: connection.descriptor, .writable, until: deadline) {
    case .ready: break
    case .passed: throw .failed(EdgeProbeError("no answer within \(limit.compact)"))
    case .cancelled: throw .failed(.cancelled)
    case .failed(let code): throw .failed(.system(code))
    }
    var outcome: Int32 = 0
    var size = socklen_t(MemoryLayout<Int32>.size)
    guard getsockopt(connection.descriptor, SOL_SOCKET, SO_ERROR, &outcome, &size) == 0 else {
      throw .failed(.system(errno))
    }
    if outcome != 0 { throw ConnectFailure(code: outcome) }
    return connection
  }
}
