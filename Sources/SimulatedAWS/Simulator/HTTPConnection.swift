import Glibc
import LosslessJSON
import POSIX
import RolloutCore
import Transport

/// One accepted connection of the simulator's HTTP server, on its own thread.
struct HTTPConnection {
  private let descriptor: Int32
  private let shared: SimulatorHTTPServer.Shared

  private static let readSize = 16 << 10
  /// How often a connection looks whether its answer is still kept back.
  private static let delayStep = Duration.milliseconds(10)
  /// The bytes that are read and discarded after a refusal, so that the client receives it.
  private static let maximumDrain = 4 << 20

  /// Starts a thread for the socket, or closes it.
  static func accept(_ descriptor: Int32, _ shared: SimulatorHTTPServer.Shared) {
    let isAccepted = shared.connections.withLock { connections in
      connections.accepted += 1
      if connections.isStopping || connections.open.count >= shared.limits.maximumConnections {
        return false
      }
      connections.open.insert(descriptor)
      connections.mostOpenAtOnce = max(connections.mostOpenAtOnce, connections.open.count)
      return true
    }
    guard isAccepted else {
      close(descriptor)
      return
    }
    let connection = HTTPConnection(descriptor: descriptor, shared: shared)
    do throws(SystemError) {
      try startThread {
        connection.run()
        connection.end()
      }
    } catch {
      connection.end()
    }
  }

  /// Closes with the lock held, so that `stop` never shuts down a reused descriptor.
  private func end() {
    shared.connections.withLock { connections in
      connections.open.remove(descriptor)
      close(descriptor)
    }
  }

  private func run() {
    var yes: Int32 = 1
    setsockopt(
      descriptor, Int32(IPPROTO_TCP), TCP_NODELAY, &yes, socklen_t(MemoryLayout<Int32>.size))
    var idleTimeout = timeval(
      tv_sec: Int(clamping: shared.limits.idleTimeout.inMilliseconds / 1000),
      tv_usec: Int(clamping: shared.limits.idleTimeout.inMilliseconds % 1000 * 1000))
    let size = socklen_t(MemoryLayout<timeval>.size)
    setsockopt(descriptor, SOL_SOCKET, SO_RCVTIMEO, &idleTimeout, size)
    setsockopt(descriptor, SOL_SOCKET, SO_SNDTIMEO, &idleTimeout, size)
    var parser = HTTPRequestParser(limits: shared.limits)
    var chunk = [UInt8](repeating: 0, count: HTTPConnection.readSize)
    var served = 0
    while served < shared.limits.maximumRequestsPerConnection {
      switch parser.next() {
      case .needsMore:
        let count = recv(descriptor, &chunk, chunk.count, 0)
        guard count > 0 else { return }
        parser.feed(chunk[..<count])
      case .awaitsContinue:
        guard send(Array("HTTP/1.1 100 Continue\r\n\r\n".utf8)) else { return }
      case .malformed(let status, let problem):
        refuse(status: status, problem: problem)
        return
      case .request(let request, let keepsAlive):
        served += 1
        guard answer(request, keepsAlive: keepsAlive), keepsAlive else { return }
      }
    }
  }

  /// Sends the answer, and returns whether the connection may continue.
  private func answer(_ request: HTTPRequest, keepsAlive: Bool) -> Bool {
    let arrival = SimulatorClock.uptime
    let answer = shared.answer(request)
    if answer.delay > .zero { SimulatorClock.sleep(until: arrival + answer.delay) }
    while !answer.isDue() {
      if shared.connections.withLock({ $0.isStopping }) { return false }
      SimulatorClock.sleep(until: SimulatorClock.uptime + HTTPConnection.delayStep)
    }
    switch answer.kind {
    case .whole(let response):
      return send(HTTPConnection.head(response, keepsAlive: keepsAlive) + response.body)
    case .half(let response):
      let half = response.body.prefix(response.body.count / 2)
      _ = send(HTTPConnection.head(response, keepsAlive: keepsAlive) + half)
      return false
    case .nothing:
      return false
    case .silence:
      drain(Int.max)
      return false
    }
  }

  private func refuse(status: Int, problem: String) {
    let body = JSONValue.object([.init("error", .string(problem))]).encoded + "\n"
    let response = HTTPResponse(
      status: status, headers: [Header("Content-Type", "application/json")],
      body: Array(body.utf8))
    guard send(HTTPConnection.head(response, keepsAlive: false) + response.body) else { return }
    shutdown(descriptor, Int32(SHUT_WR))
    drain(HTTPConnection.maximumDrain)
  }

  /// Reads until the client closes, is silent, or has sent `limit` bytes.
  private func drain(_ limit: Int) {
    var chunk = [UInt8](repeating: 0, count: HTTPConnection.readSize)
    var remaining = limit
    while remaining > 0 {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      guard count > 0 else { return }
      remaining -= count
    }
  }

  private func send(_ bytes: [UInt8]) -> Bool {
    var sent = 0
    while sent < bytes.count {
      let count = bytes[sent...].withUnsafeBytes {
        Glibc.send(descriptor, $0.baseAddress, $0.count, Int32(clamping: MSG_NOSIGNAL))
      }
      guard count > 0 else { return false }
      sent += count
    }
    return true
  }

  private static func head(_ response: HTTPResponse, keepsAlive: Bool) -> [UInt8] {
    var lines = ["HTTP/1.1 \(response.status) \(reason(response.status))"]
    let framing: Set<String> = ["content-length", "connection", "transfer-encoding"]
    for header in response.headers where !framing.contains(header.name.lowercased()) {
      lines.append("\(oneLine(header.name)): \(oneLine(header.value))")
    }
    lines.append("Content-Length: \(response.body.count)")
    if !keepsAlive { lines.append("Connection: close") }
    return Array((lines.joined(separator: "\r\n") + "\r\n\r\n").utf8)
  }

  /// The text without control characters, so that a header cannot add another one.
  private static func oneLine(_ text: String) -> String {
    String(String.UnicodeScalarView(text.unicodeScalars.filter { $0.value >= 0x20 }))
  }

  private static func reason(_ status: Int) -> String {
    switch status {
    case 200: "OK"
    case 400: "Bad Request"
    case 401: "Unauthorized"
    case 403: "Forbidden"
    case 404: "Not Found"
    case 405: "Method Not Allowed"
    case 413: "Content Too Large"
    case 429: "Too Many Requests"
    case 431: "Request Header Fields Too Large"
    case 500: "Internal Server Error"
    case 501: "Not Implemented"
    case 503: "Service Unavailable"
    case 505: "HTTP Version Not Supported"
    default: "Status"
    }
  }
}
