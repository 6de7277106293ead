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

/// A new non-blocking TCP connection, which is closed when it goes out of scope.
struct EdgeConnection: ~Copyable {
  let descriptor: Int32

  init(to address: EdgeAddress, within limit: Duration) throws(ConnectFailure) {
    descriptor = try connectedSocket(to: address, within: limit)
  }

  deinit { close(descriptor) }
}

private func connectedSocket(
  to address: EdgeAddress, within limit: Duration
) throws(ConnectFailure) -> Int32 {
  let flags = Int32(SOCK_NONBLOCK.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
  let kind = Int32(SOCK_STREAM.rawValue) | flags
  let descriptor = socket(address.socketFamily, kind, 0)
  guard descriptor >= 0 else { throw ConnectFailure(code: errno) }
  do throws(ConnectFailure) {
    try finishConnecting(descriptor, to: address, within: limit)
  } catch {
    close(descriptor)
    throw error
  }
  return descriptor
}

private func finishConnecting(
  _ descriptor: Int32, to address: EdgeAddress, within limit: Duration
) throws(ConnectFailure) {
  let deadline: Deadline
  do throws(EdgeProbeError) {
    deadline = try Deadline(after: limit)
  } catch {
    throw .failed(error)
  }
  let code = address.withSocketAddress { pointer, length -> Int32 in
    connect(descriptor, pointer, length) == 0 ? 0 : errno
  }
  if code == 0 { return }
  guard code == EINPROGRESS else { throw ConnectFailure(code: code) }
  switch deadline.wait(for: descriptor, .writable) {
  case .ready: break
  case .passed: throw .failed(EdgeProbeError("no answer within \(limit.compact)"))
  case .failed(let code): throw .failed(.system(code))
  }
  var outcome: Int32 = 0
  var size = socklen_t(MemoryLayout<Int32>.size)
  guard getsockopt(descriptor, SOL_SOCKET, SO_ERROR, &outcome, &size) == 0 else {
    throw .failed(.system(errno))
  }
  if outcome != 0 { throw ConnectFailure(code: outcome) }
}
