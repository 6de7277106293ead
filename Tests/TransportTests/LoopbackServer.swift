import Glibc
import POSIX
import Transport

/// A server on 127.0.0.1 whose answers and failures are written byte by byte.
final class LoopbackServer: Sendable {
  struct Failed: Error { let call: String }

  /// One accepted connection, on its own thread.
  struct Connection: Sendable {
    let descriptor: Int32
    /// From 1, in order of acceptance.
    let number: Int
    let server: LoopbackServer

    /// One complete request, head and body; nil when the client has closed.
    func readRequest() -> String? {
      var received: [UInt8] = []
      var chunk = [UInt8](repeating: 0, count: 4096)
      while true {
        let text = String(decoding: received, as: UTF8.self)
        if let end = text.firstRange(of: "\r\n\r\n") {
          let length =
            text[..<end.lowerBound].split(separator: "\r\n")
            .first { $0.lowercased().hasPrefix("content-length:") }
            .flatMap { Int($0.dropFirst("content-length:".count).drop { $0 == " " }) } ?? 0
          let present = text.utf8.distance(from: end.upperBound, to: text.utf8.endIndex)
          if present >= length {
            server.requests.withLock { $0.append(text) }
            return text
          }
        }
        let count = recv(descriptor, &chunk, chunk.count, 0)
        if count <= 0 { return nil }
        received += chunk[..<count]
      }
    }

    @discardableResult
    func write(_ text: String) -> Bool { write(Array(text.utf8)) }

    /// False when the client no longer reads.
    @discardableResult
    func write(_ bytes: [UInt8]) -> Bool {
      var sent = 0
      while sent < bytes.count {
        let count = bytes.withUnsafeBytes {
          Glibc.send(
            descriptor, $0.baseAddress?.advanced(by: sent), bytes.count - sent,
            Int32(MSG_NOSIGNAL))
        }
        if count <= 0 { return false }
        sent += count
      }
      return true
    }

    func answer(_ body: String, headers: String = "") {
      write("HTTP/1.1 200 OK\r\nContent-Length: \(body.utf8.count)\r\n\(headers)\r\n\(body)")
    }

    /// Ends the connection with RST instead of FIN.
    func reset() {
      var option = linger(l_onoff: 1, l_linger: 0)
      setsockopt(descriptor, SOL_SOCKET, SO_LINGER, &option, socklen_t(MemoryLayout<linger>.size))
    }

    /// Returns when the client has closed.
    func waitForClose() {
      var byte: UInt8 = 0
      while recv(descriptor, &byte, 1, 0) > 0 {}
    }
  }

  let port: UInt16
  let requests = Guarded<[String]>([])
  let connections = Guarded<Int>(0)
  private let listener: Int32
  private let handler: @Sendable (Connection) -> Void

  var url: String { "http://127.0.0.1:\(port)/" }
  var requestCount: Int { requests.withLock { $0.count } }
  var connectionCount: Int { connections.withLock { $0 } }

  /// Serves while `body` runs.
  static func serving<Result>(
    _ handler: @escaping @Sendable (Connection) -> Void,
    _ body: (LoopbackServer) async throws -> Result
  ) async throws -> Result {
    let server = try LoopbackServer(handler)
    defer { server.stop() }
    return try await body(server)
  }

  private init(_ handler: @escaping @Sendable (Connection) -> Void) throws {
    self.handler = handler
    listener = socket(AF_INET, Int32(SOCK_STREAM.rawValue), 0)
    port = try LoopbackServer.bindToLoopback(listener)
    let context = Unmanaged.passRetained(self)
    guard LoopbackServer.spawn(context.toOpaque(), { LoopbackServer.accept($0) }) else {
      context.release()
      throw Failed(call: "pthread_create")
    }
  }

  /// Listens on a port that the system chooses.
  private static func bindToLoopback(_ listener: Int32) throws -> UInt16 {
    var address = sockaddr_in()
    address.sin_family = sa_family_t(AF_INET)
    address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
    var size = socklen_t(MemoryLayout<sockaddr_in>.size)
    let code = withUnsafeMutablePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) { generic in
        bind(listener, generic, size) | listen(listener, 512)
          | getsockname(listener, generic, &size)
      }
    }
    if code != 0 { throw Failed(call: "bind") }
    return UInt16(bigEndian: address.sin_port)
  }

  private func stop() {
    shutdown(listener, Int32(SHUT_RDWR))
  }

  private static func spawn(
    _ context: UnsafeMutableRawPointer,
    _ body: @escaping @convention(c) (UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer?
  ) -> Bool {
    var thread = pthread_t()
    guard pthread_create(&thread, nil, body, context) == 0 else { return false }
    pthread_detach(thread)
    return true
  }

  private static func accept(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
    guard let context else { return nil }
    let server = Unmanaged<LoopbackServer>.fromOpaque(context).takeRetainedValue()
    while true {
      let descriptor = Glibc.accept(server.listener, nil, nil)
      if descriptor < 0 { break }
      let number = server.connections.withLock { count in
        count += 1
        return count
      }
      let box = Unmanaged.passRetained(
        ConnectionBox(Connection(descriptor: descriptor, number: number, server: server)))
      if !spawn(box.toOpaque(), { ConnectionBox.serve($0) }) { box.release() }
    }
    close(server.listener)
    return nil
  }

  private final class ConnectionBox: Sendable {
    let connection: Connection

    init(_ connection: Connection) { self.connection = connection }

    static func serve(_ context: UnsafeMutableRawPointer?) -> UnsafeMutableRawPointer? {
      guard let context else { return nil }
      let box = Unmanaged<ConnectionBox>.fromOpaque(context).takeRetainedValue()
      box.connection.server.handler(box.connection)
      close(box.connection.descriptor)
      return nil
    }
  }
}
