import COpenSSL
import Glibc
import POSIX

/// One accepted connection of a simulated edge, on a thread of its own.
struct TLSEdgeConnection {
  private let descriptor: Int32
  private let state: TLSEdgeServerState

  /// The limit of open connections. Further ones are closed at once.
  private static let maximumOpen = 512
  /// How long a connection may be silent before it is closed.
  private static let idleTimeout = timeval(tv_sec: 10, tv_usec: 0)
  private static let maximumSingleBytes = 16_000
  /// The limit of the head of a request, in bytes.
  private static let maximumRequest = 8 << 10

  /// Starts a thread for the socket, or closes it.
  static func accept(_ descriptor: Int32, _ state: TLSEdgeServerState) {
    let isAccepted = state.guarded.withLock { values in
      values.connections += 1
      if values.isStopping || values.behaviour == .refusing || values.open.count >= maximumOpen {
        return false
      }
      values.open.insert(descriptor)
      values.mostOpenAtOnce = max(values.mostOpenAtOnce, values.open.count)
      return true
    }
    guard isAccepted else {
      close(descriptor)
      return
    }
    let connection = TLSEdgeConnection(descriptor: descriptor, state: state)
    do throws(SystemError) {
      try startThread {
        connection.run()
        connection.end()
      }
    } catch {
      connection.end()
    }
  }

  private func run() {
    var idleTimeout = TLSEdgeConnection.idleTimeout
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &idleTimeout, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &idleTimeout, size)
    let (behaviour, context) = state.guarded.withLock { ($0.behaviour, $0.context) }
    switch behaviour {
    case .serving: serve(context)
    case .refusing: break
    case .stalling: readToEnd()
    case .alerting: reply(TLSEdgeConnection.unrecognizedName)
    case .garbage: reply(TLSEdgeConnection.garbage)
    case .dripping: sendByteByByte()
    }
  }

  /// Closes with the lock held, so that `closeAll` never shuts down a reused descriptor.
  private func end() {
    state.guarded.withLock { values in
      values.open.remove(descriptor)
      close(descriptor)
    }
  }

  private func serve(_ context: TLSEdgeServerContext) {
    defer { ERR_clear_error() }
    guard let session = context.newSession(on: descriptor) else { return }
    defer { SSL_free(session) }
    let isDone = SSL_accept(session) == 1
    let name = SSL_get_servername(session, TLSEXT_NAMETYPE_host_name).map { String(cString: $0) }
    state.guarded.withLock { values in
      if let name { values.record(serverName: name) }
      if isDone { values.handshakes += 1 }
    }
    guard isDone else { return }
    if let page = state.page, readRequest(session) { answer(session, page) }
    SSL_shutdown(session)
  }

  /// Whether a complete head was read.
  private func readRequest(_ session: OpaquePointer) -> Bool {
    var request: [UInt8] = []
    var buffer = [UInt8](repeating: 0, count: 1024)
    while request.count < TLSEdgeConnection.maximumRequest {
      let count = Int(SSL_read(session, &buffer, Int32(clamping: buffer.count)))
      guard count > 0 else { return false }
      request += buffer[..<count]
      if request.suffix(count + 3).contains(Array("\r\n\r\n".utf8)) { return true }
    }
    return false
  }

  private func answer(_ session: OpaquePointer, _ page: String) {
    let kind = page.hasPrefix("<") ? "text/html" : "text/plain"
    let response = """
      HTTP/1.1 200 OK\r
      Content-Type: \(kind); charset=utf-8\r
      Content-Length: \(page.utf8.count)\r
      Cache-Control: no-store\r
      Connection: close\r
      \r
      \(page)
      """
    SSL_write(session, response, Int32(clamping: response.utf8.count))
  }

  private static let garbage = Array("SSH-2.0-this is not TLS\r\n\u{0}\u{1}\u{2}".utf8)
  /// A fatal alert with the description 112 (RFC 6066, 3).
  private static let unrecognizedName: [UInt8] = [21, 3, 3, 0, 2, 2, 112]

  private func reply(_ record: [UInt8]) {
    var buffer = [UInt8](repeating: 0, count: 4096)
    // Closing with unread bytes would reset the connection and lose the answer.
    guard recv(descriptor, &buffer, buffer.count, 0) > 0 else { return }
    send(descriptor, record, record.count, 0)
    shutdown(descriptor, Int32(SHUT_WR))
    readToEnd()
  }

  /// The receive time-out is the pause between two bytes.
  private func sendByteByByte() {
    var pause = timeval(tv_sec: 0, tv_usec: 20_000)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &pause, socklen_t(MemoryLayout<timeval>.size))
    // The header of a record of handshake messages, with a length of 16 kB.
    var next: [UInt8] = [22, 3, 3, 0x40, 0]
    var buffer = [UInt8](repeating: 0, count: 4096)
    for _ in 0..<TLSEdgeConnection.maximumSingleBytes {
      let byte = next.isEmpty ? 0 : next.removeFirst()
      guard send(descriptor, [byte], 1, 0) == 1 else { return }
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 || (count < 0 && errno != EAGAIN) { return }
    }
  }

  private func readToEnd() {
    var buffer = [UInt8](repeating: 0, count: 4096)
    while true {
      let count = recv(descriptor, &buffer, buffer.count, 0)
      if count == 0 || (count < 0 && errno != EAGAIN && errno != EINTR) { return }
    }
  }
}
