import Configuration
import Foundation
import Glibc
import Narration
import POSIX
import TestSupport
import Testing

@testable import Service

/// A listener on a free port of its own, with what it logs.
private final class Served: Sendable {
  let listener: MetricsListener
  private let logged: Guarded<[ServiceFinding]>

  init(
    _ limits: MetricsServer.Limits = MetricsServer.Limits(), retry: Duration = .milliseconds(50),
    text: String = "metric 1\n", health: HTTPAnswer = HTTPAnswer(.ok, "ok")
  ) {
    let logged = Guarded<[ServiceFinding]>([])
    self.logged = logged
    listener = MetricsListener(
      limits: limits, retryInterval: retry,
      answer: { path in
        switch path {
        case .metrics: HTTPAnswer(metrics: Array(text.utf8))
        case .health: health
        }
      },
      log: { finding in logged.withLock { $0.append(finding) } })
  }

  var findings: [ServiceFinding] { logged.withLock { $0 } }

  /// The port of the last address that was listened on.
  func port(after count: Int = 0) async throws -> UInt16 {
    try await eventually("the metrics are served") {
      let addresses = findings.compactMap { finding -> String? in
        if case .metricsListening(let address) = finding { address } else { nil }
      }
      guard addresses.count > count else { return nil }
      return addresses.last?.split(separator: ":").last.flatMap { UInt16($0) }
    }
  }

  /// Listens, calls `body` with the port, and ends.
  static func with(
    _ served: Served = Served(), on host: ListenAddress.Host = .ipv4("127.0.0.1"),
    _ body: (UInt16) async throws -> Void
  ) async throws {
    await served.listener.adopt(ListenAddress(host, port: 0))
    do {
      try await body(try await served.port())
    } catch {
      await served.listener.stop()
      throw error
    }
    await served.listener.stop()
  }
}

/// A TCP connection to loopback, with calls that block for a limited time.
private final class Client: Sendable {
  let descriptor: Int32

  init(_ port: UInt16, family: Int32 = AF_INET) throws {
    descriptor = socket(family, Int32(SOCK_STREAM.rawValue) | Int32(SOCK_CLOEXEC.rawValue), 0)
    var limit = timeval(tv_sec: 60, tv_usec: 0)
    setsockopt(
      descriptor, SOL_SOCKET, SO_RCVTIMEO, &limit, socklen_t(MemoryLayout<timeval>.size))
    let code: Int32
    if family == AF_INET6 {
      var address = sockaddr_in6()
      address.sin6_family = sa_family_t(AF_INET6)
      address.sin6_port = port.bigEndian
      address.sin6_addr = in6addr_loopback
      code = Client.connect(descriptor, &address)
    } else {
      var address = sockaddr_in()
      address.sin_family = sa_family_t(AF_INET)
      address.sin_port = port.bigEndian
      address.sin_addr.s_addr = UInt32(0x7f00_0001).bigEndian
      code = Client.connect(descriptor, &address)
    }
    guard code == 0 else { throw SystemError.last }
  }

  deinit { close(descriptor) }

  private static func connect<Address>(_ descriptor: Int32, _ address: inout Address) -> Int32 {
    withUnsafePointer(to: &address) { pointer in
      pointer.withMemoryRebound(to: sockaddr.self, capacity: 1) {
        Glibc.connect(descriptor, $0, socklen_t(MemoryLayout<Address>.size))
      }
    }
  }

  @discardableResult
  func send(_ text: String) -> Int {
    let bytes = Array(text.utf8)
    return Glibc.send(descriptor, bytes, bytes.count, Int32(MSG_NOSIGNAL))
  }

  /// Everything up to the end.
  func rest() async throws -> String { try await blocking { self.readToEnd() } }

  fileprivate func readToEnd() -> String {
    var bytes: [UInt8] = []
    var chunk = [UInt8](repeating: 0, count: 1 << 16)
    while true {
      let count = recv(descriptor, &chunk, chunk.count, 0)
      if count <= 0 { return String(decoding: bytes, as: UTF8.self) }
      bytes += chunk[..<count]
    }
  }

  /// Whether the server has closed the connection, or does so within a few seconds.
  func isClosed() async throws -> Bool {
    try await blocking { [descriptor] in
      var byte: UInt8 = 0
      let count = recv(descriptor, &byte, 1, 0)
      return count == 0 || (count < 0 && errno == ECONNRESET)
    }
  }
}

/// In a thread of its own: the server needs those of the tests.
private func blocking<Value: Sendable>(
  _ body: @escaping @Sendable () throws -> Value
) async throws -> Value {
  try await withCheckedThrowingContinuation { continuation in
    Thread { continuation.resume(with: Result { try body() }) }.start()
  }
}

private func ask(_ text: String, _ port: UInt16, family: Int32 = AF_INET) async throws -> String {
  try await blocking {
    let client = try Client(port, family: family)
    client.send(text)
    return client.readToEnd()
  }
}

private func isHealthy(_ port: UInt16, family: Int32 = AF_INET) async throws -> Bool {
  let answer = try await ask("GET /healthz HTTP/1.1\r\n\r\n", port, family: family)
  return answer.hasSuffix("\r\n\r\nok\n")
}

@Suite("The server of the metrics", .timeLimit(.minutes(2)))
struct MetricsServerTests {
  @Test("GET has the text, and HEAD its head alone")
  func get() async throws {
    try await Served.with { port in
      let head = """
        HTTP/1.1 200 OK\r
        Content-Type: text/plain; version=0.0.4; charset=utf-8\r
        Content-Length: 9\r
        Connection: close\r
        \r

        """
      #expect(
        try await ask("GET /metrics HTTP/1.1\r\nHost: x\r\n\r\n", port) == head + "metric 1\n")
      #expect(try await ask("GET /metrics?a=b HTTP/1.0\n\n", port) == head + "metric 1\n")
      #expect(try await ask("HEAD /metrics HTTP/1.1\r\n\r\n", port) == head)
      let health = try await ask("GET /healthz HTTP/1.1\r\n\r\n", port)
      #expect(health.hasPrefix("HTTP/1.1 200 OK\r\n") && health.hasSuffix("\r\n\r\nok\n"))
    }
  }

  @Test("A daemon that is not ready says why")
  func unready() async throws {
    try await Served.with(Served(health: HTTPAnswer(.unavailable, "the last poll is old"))) {
      port in
      let health = try await ask("GET /healthz HTTP/1.1\r\n\r\n", port)
      #expect(health.hasPrefix("HTTP/1.1 503 Service Unavailable\r\n"))
      #expect(health.hasSuffix("\r\n\r\nthe last poll is old\n"))
    }
  }

  @Test(
    "What is not a request for the metrics is refused",
    arguments: [
      ("GET / HTTP/1.1\r\n\r\n", "404 Not Found"), ("POST / HTTP/1.1\r\n\r\n", "404 Not Found"),
      ("GET /metrics/ HTTP/1.1\r\n\r\n", "404 Not Found"),
      ("POST /metrics HTTP/1.1\r\nContent-Length: 3\r\n\r\nabc", "405 Method Not Allowed"),
      ("DELETE /healthz HTTP/1.1\r\n\r\n", "405 Method Not Allowed"),
      ("GET /metrics\r\n\r\n", "400 Bad Request"),
      ("GET /metrics HTTP/2.0\r\n\r\n", "400 Bad Request"),
      ("GET http://x/metrics HTTP/1.1\r\n\r\n", "400 Bad Request"),
      ("\u{16}\u{3}\u{1}", "400 Bad Request"), ("nonsense\r\n\r\n", "400 Bad Request"),
      (
        "GET /metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 8192),
        "431 Request Header Fields Too Large"
      ),
      (
        "GET /metrics HTTP/1.1\r\nX: " + String(repeating: "x", count: 9000) + "\r\n\r\n",
        "431 Request Header Fields Too Large"
      ),
      (String(repeating: "G", count: 200_000), "431 Request Header Fields Too Large"),
    ])
  func refused(request: String, status: String) async throws {
    try await Served.with { port in
      let answer = try await ask(request, port)
      #expect(answer.hasPrefix("HTTP/1.1 \(status)\r\n"), "\(answer.prefix(200))")
      #expect(answer.contains("\r\nAllow: GET, HEAD\r\n") == status.hasPrefix("405"))
      #expect(try await isHealthy(port))
    }
  }

  @Test("A head that comes byte by byte is read, and one of exactly the limit is, too")
  func slowHead() async throws {
    try await Served.with { port in
      let line = "GET /healthz HTTP/1.1\r\n"
      let padding = HTTPRequestHead.maximumSize - line.utf8.count - 4
      let full = line + String(repeating: "x", count: padding) + "\r\n\r\n"
      #expect(try await ask(full, port).hasSuffix("ok\n"))
      let client = try Client(port)
      for character in "GET /healthz HTTP/1.1\r\n\r\n" {
        client.send(String(character))
        try await Task.sleep(for: .milliseconds(2))
      }
      #expect(try await client.rest().hasSuffix("ok\n"))
    }
  }

  @Test("Clients that say nothing or never read hold up nobody")
  func hanging() async throws {
    let text = String(repeating: "metric 1\n", count: 2_000_000)
    let limits = MetricsServer.Limits(connections: 4, connection: .seconds(240))
    try await Served.with(Served(limits, text: text)) { port in
      let silent = try (0..<3).map { _ in try Client(port) }
      silent[1].send("GET /metr")
      let unread = try (0..<6).map { _ in try Client(port) }
      for client in unread { client.send("GET /metrics HTTP/1.1\r\n\r\n") }
      let begun = ContinuousClock.now
      for _ in 0..<5 { #expect(try await isHealthy(port)) }
      #expect(ContinuousClock.now - begun < limits.connection)
      for client in silent { #expect(try await client.isClosed()) }
    }
  }

  @Test("A connection that takes too long is closed, before and after its request")
  func timeLimit() async throws {
    let text = String(repeating: "metric 1\n", count: 2_000_000)
    let limits = MetricsServer.Limits(connection: .milliseconds(500))
    try await Served.with(Served(limits, text: text)) { port in
      let silent = try Client(port)
      let unread = try Client(port)
      unread.send("GET /metrics HTTP/1.1\r\n\r\n")
      #expect(try await silent.isClosed())
      try await Task.sleep(for: .seconds(3))
      // The end of the text is missing.
      #expect(try await unread.rest().utf8.count < text.utf8.count)
    }
  }

  @Test("The connection that is open longest is closed for a new one")
  func tooMany() async throws {
    let limits = MetricsServer.Limits(connections: 2, connection: .seconds(60))
    try await Served.with(Served(limits)) { port in
      let first = try Client(port)
      let second = try Client(port)
      // So that it is accepted after them.
      try await Task.sleep(for: .milliseconds(200))
      #expect(try await isHealthy(port))
      #expect(try await first.isClosed())
      second.send("GET /healthz HTTP/1.1\r\n\r\n")
      #expect(try await second.rest().hasSuffix("ok\n"))
    }
  }

  @Test("It listens on IPv6, and on every address of both families")
  func families() async throws {
    try await Served.with(on: .ipv6("::1")) { port in
      let isHealthy = try await isHealthy(port, family: AF_INET6)
      #expect(isHealthy)
      #expect(throws: (any Error).self) { try Client(port) }
    }
    try await Served.with(on: .any) { port in
      for family in [AF_INET, AF_INET6] {
        let isHealthy = try await isHealthy(port, family: family)
        #expect(isHealthy)
      }
    }
  }

  @Test("A port in use is logged once with what to do, and taken when it is free")
  func portInUse() async throws {
    let other = try ListeningSocket.open(ListenAddress(.ipv4("127.0.0.1"), port: 0))
    let port = try #require(ListeningSocket.port(of: other))
    let served = Served()
    await served.listener.adopt(ListenAddress(.ipv4("127.0.0.1"), port: port))
    let words = try await eventually("it is logged") {
      if case .metricsFailed(let words) = served.findings.first { words } else { nil }
    }
    // It is tried again meanwhile.
    try await Task.sleep(for: .milliseconds(300))
    #expect(served.findings.count == 1)
    #expect(
      words == """
        metrics.listen 127.0.0.1:\(port): address already in use (errno 98); end the process that has \
        the port ('ss -ltnp' shows it), or choose another port. It is tried again every minute, and \
        certificates are looked after meanwhile
        """)
    close(other)
    #expect(try await served.port() == port)
    #expect(try await isHealthy(port))
    await served.listener.stop()
  }

  @Test("An address that is not of this host is logged")
  func foreignAddress() async throws {
    let served = Served()
    await served.listener.adopt(ListenAddress(.ipv4("192.0.2.1"), port: 9464))
    let words = try await eventually("it is logged") {
      if case .metricsFailed(let words) = served.findings.first { words } else { nil }
    }
    #expect(words.contains("192.0.2.1:9464") && words.contains("write an address of this host"))
    await served.listener.stop()
  }

  @Test("A new address takes the place of the former one, and none ends the service")
  func rebinding() async throws {
    let served = Served()
    await served.listener.adopt(ListenAddress(.ipv4("127.0.0.1"), port: 0))
    let first = try await served.port()
    let client = try Client(first)
    await served.listener.adopt(ListenAddress(.ipv6("::1"), port: 0))
    let second = try await served.port(after: 1)
    #expect(throws: (any Error).self) { try Client(first) }
    #expect(try await client.isClosed())
    #expect(try await isHealthy(second, family: AF_INET6))
    // The same port, at once.
    await served.listener.adopt(ListenAddress(.any, port: second))
    #expect(try await served.port(after: 2) == second)
    await served.listener.adopt(nil)
    #expect(throws: (any Error).self) { try Client(second) }
    await served.listener.stop()
  }
}
