import COpenSSL
import EdgeProbe
import Glibc
import POSIX

/// A listening socket and the thread that accepts from it.
final class TLSEdgeListener: Sendable {
  let port: Int

  private let listener: Int32
  /// Readable when the thread must end.
  private let stopSignal: Int32
  private let thread = Guarded(ThreadState.notStarted)

  private enum ThreadState {
    case notStarted, running, ended, closed
  }

  init(address: String, port: Int) throws(TLSEdgeServerError) {
    guard let number = UInt16(exactly: port), let local = EdgeAddress(address, port: number) else {
      throw TLSEdgeServerError(address: address, reason: "not an address and port (\(port))")
    }
    let kind = Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue)
    listener = socket(local.socketFamily, kind, 0)
    stopSignal = eventfd(0, Int32(EFD_CLOEXEC))
    do throws(SystemError) {
      guard listener >= 0, stopSignal >= 0 else { throw .last }
      self.port = try TLSEdgeListener.bind(listener, to: local)
    } catch {
      close(listener)
      close(stopSignal)
      throw TLSEdgeServerError(address: "\(address):\(port)", reason: error.description)
    }
  }

  deinit { stop() }

  /// Calls `handle` with every accepted socket. `handle` must not block, and owns the socket.
  func start(_ handle: @escaping @Sendable (Int32) -> Void) throws(SystemError) {
    thread.withLock { $0 = .running }
    do throws(SystemError) {
      try startThread { [self] in
        acceptUntilStopped(handle)
        thread.withLock { $0 = .ended }
      }
    } catch {
      thread.withLock { $0 = .ended }
      throw error
    }
  }

  /// Waits until the thread has ended, and closes the socket.
  func stop() {
    thread.withLock { state in
      if state == .running { eventfd_write(stopSignal, 1) }
    }
    thread.wait { $0 != .running }
    thread.withLock { state in
      guard state != .closed else { return }
      close(listener)
      close(stopSignal)
      state = .closed
    }
  }

  private func acceptUntilStopped(_ handle: (Int32) -> Void) {
    var watched = [
      pollfd(fd: stopSignal, events: Int16(POLLIN), revents: 0),
      pollfd(fd: listener, events: Int16(POLLIN), revents: 0),
    ]
    while true {
      guard poll(&watched, nfds_t(watched.count), -1) >= 0 || errno == EINTR else { return }
      if watched[0].revents != 0 { return }
      guard watched[1].revents != 0 else { continue }
      let descriptor = accept(listener, nil, nil)
      guard descriptor >= 0 else { continue }
      _ = fcntl(descriptor, F_SETFD, FD_CLOEXEC)
      handle(descriptor)
    }
  }

  private static func bind(
    _ listener: Int32, to local: EdgeAddress
  ) throws(SystemError) -> Int {
    var yes: Int32 = 1
    let size = socklen_t(MemoryLayout<Int32>.size)
    setsockopt(listener, SOL_SOCKET, SO_REUSEADDR, &yes, size)
    let bound = local.withSocketAddress { address, length in
      Glibc.bind(listener, address, length)
    }
    guard bound == 0, listen(listener, backlog) == 0 else { throw .last }
    var given = sockaddr_storage()
    var length = socklen_t(MemoryLayout<sockaddr_storage>.size)
    let answer = withUnsafeMutableBytes(of: &given) { raw in
      getsockname(listener, raw.assumingMemoryBound(to: sockaddr.self).baseAddress, &length)
    }
    guard answer == 0 else { throw .last }
    // The port has the same offset in both families.
    return withUnsafeBytes(of: &given) { raw in
      Int(UInt16(bigEndian: raw.loadUnaligned(fromByteOffset: 2, as: UInt16.self)))
    }
  }

  private static let backlog: Int32 = 256
}
