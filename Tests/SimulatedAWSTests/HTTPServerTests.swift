import Foundation
import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import SimulatedAWS

@Suite("The simulator's HTTP server")
struct HTTPServerTests {
  /// Answers with the method, the URL and the body's size.
  static func echo(_ limits: HTTPServerLimits = HTTPServerLimits()) throws -> SimulatorHTTPServer {
    try SimulatorHTTPServer(limits: limits) { request in
      let text = "\(request.method) \(request.url) \(request.body.count)"
      return .init(.whole(HTTPResponse(status: 200, body: Array(text.utf8))))
    }
  }

  @Test("one connection serves many requests, pipelined ones too")
  func keepAlive() throws {
    let server = try HTTPServerTests.echo()
    defer { server.stop() }
    let client = try LoopbackClient(port: server.port)
    for size in [0, 1, 70_000] {
      try client.post("/x?y=1", String(repeating: "a", count: size))
      let answer = try client.answer()
      #expect(String(decoding: answer.body, as: UTF8.self) == "POST http://127.0.0.1/x?y=1 \(size)")
    }
    let request = "GET /a HTTP/1.1\r\nHost: h:1\r\n\r\n"
    try client.send(request + request)
    for _ in 1...2 {
      #expect(String(decoding: try client.answer().body, as: UTF8.self) == "GET http://h:1/a 0")
    }
    #expect(server.connections == 1)
  }

  @Test("Connection: close and HTTP/1.0 end the connection after the answer")
  func closing() throws {
    let server = try HTTPServerTests.echo()
    defer { server.stop() }
    for request in [
      "GET / HTTP/1.1\r\nHost: h\r\nConnection: close\r\n\r\n", "GET / HTTP/1.0\r\n\r\n",
    ] {
      let client = try LoopbackClient(port: server.port)
      try client.send(request)
      let answer = try client.answer()
      #expect(answer.status == 200 && answer.head.contains("Connection: close"))
      #expect(try client.isClosed())
    }
  }

  @Test("a client that waits for 100 Continue gets it")
  func expectations() throws {
    let server = try HTTPServerTests.echo()
    defer { server.stop() }
    let client = try LoopbackClient(port: server.port)
    try client.send(
      "POST / HTTP/1.1\r\nHost: h\r\nExpect: 100-continue\r\nContent-Length: 2\r\n\r\n")
    #expect(try client.answer().status == 100)
    try client.send("ok")
    #expect(try client.answer().status == 200)
  }

  @Test(
    "a malformed request is answered with its status, and the connection closed",
    arguments: [
      ("nonsense\r\n\r\n", 400), ("GET / HTTP/1.1\r\n\r\n", 400),
      ("GET / HTTP/2\r\nHost: h\r\n\r\n", 505), ("GET x HTTP/1.1\r\nHost: h\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: a/b\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost h\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: h\r\n folded: x\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: h\r\nBad Name: x\r\n\r\n", 400),
      ("GET / HTTP/1.1\r\nHost: h\u{0}\r\n\r\n", 400),
      ("GET / HTTP/1.1\nHost: h\n\nx\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: -1\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1e3\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999999999999999\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 1\r\nContent-Length: 2\r\n\r\n", 400),
      ("POST / HTTP/1.1\r\nHost: h\r\nContent-Length: 99999999\r\n\r\n", 413),
      ("POST / HTTP/1.1\r\nHost: h\r\nTransfer-Encoding: chunked\r\n\r\n0\r\n\r\n", 501),
    ])
  func malformed(text: String, status: Int) throws {
    let server = try HTTPServerTests.echo()
    defer { server.stop() }
    let client = try LoopbackClient(port: server.port)
    try client.send(text)
    let answer = try client.answer()
    #expect(answer.status == status)
    #expect(answer.json["error"]?.string?.isEmpty == false)
    #expect(try client.isClosed())
  }

  @Test("heads and bodies at their limits are accepted, and a byte more is not")
  func limits() throws {
    var limits = HTTPServerLimits()
    limits.maximumBody = 100
    limits.maximumHead = 200
    limits.maximumHeaders = 3
    func outcome(_ text: String) -> HTTPRequestParser.Outcome {
      var parser = HTTPRequestParser(limits: limits)
      parser.feed(text.utf8)
      return parser.next()
    }
    func status(_ text: String) -> Int {
      if case .malformed(let status, _) = outcome(text) { return status }
      if case .request = outcome(text) { return 200 }
      return 0
    }
    func post(_ size: Int) -> String {
      "POST / HTTP/1.1\r\nHost: h\r\nContent-Length: \(size)\r\n\r\n"
        + String(repeating: "x", count: size)
    }
    #expect(status(post(100)) == 200)
    #expect(status(post(101)) == 413)
    func padded(_ size: Int) -> String {
      let head = "GET / HTTP/1.1\r\nHost: h\r\nX: "
      return head + String(repeating: "x", count: size - head.utf8.count)
    }
    #expect(status(padded(200) + "\r\n\r\n") == 200)
    #expect(status(padded(201) + "\r\n\r\n") == 431)
    #expect(status(padded(200)) == 0)
    #expect(status(padded(201)) == 431)
    #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 1\r\n\r\n") == 200)
    #expect(status("GET / HTTP/1.1\r\nHost: h\r\nA: 1\r\nB: 1\r\nC: 1\r\n\r\n") == 431)
  }

  @Test("for any bytes the parser returns a request or an error answer")
  func hostileBytes() {
    let seed = Array(
      "POST /p HTTP/1.1\r\nHost: h\r\nContent-Length: 3\r\nA: b\r\n\r\nabcGET / HTTP/1.1\r\n".utf8)
    let random = SeededRandom(seed: 11)
    for round in 0..<3000 {
      var bytes = seed
      for change in 0..<3 {
        let draw = random.bits("change", String(round), String(change))
        let place = Int(draw % UInt64(bytes.count))
        switch draw >> 32 & 3 {
        case 0: bytes[place] = UInt8(truncatingIfNeeded: draw >> 40)
        case 1: bytes.remove(at: place)
        case 2: bytes.insert(UInt8(truncatingIfNeeded: draw >> 40), at: place)
        default: bytes += bytes[place...]
        }
      }
      let whole = HTTPServerTests.outcomes(bytes, chunk: bytes.count)
      let pieces = HTTPServerTests.outcomes(bytes, chunk: 7)
      #expect(whole == pieces, "\(String(decoding: bytes, as: UTF8.self))")
    }
  }

  /// Every outcome of the parser for the bytes, fed in chunks of that size.
  private static func outcomes(_ bytes: [UInt8], chunk: Int) -> [HTTPRequestParser.Outcome] {
    var parser = HTTPRequestParser()
    var outcomes: [HTTPRequestParser.Outcome] = []
    for start in stride(from: 0, to: bytes.count, by: max(1, chunk)) {
      parser.feed(bytes[start..<min(bytes.count, start + chunk)])
      for _ in 0..<100 {
        let outcome = parser.next()
        if outcome == .needsMore { break }
        if outcome != .awaitsContinue { outcomes.append(outcome) }
        if case .malformed = outcome { return outcomes }
      }
    }
    return outcomes
  }

  @Test("sixteen connections wait for their latency concurrently, and not less")
  func latency() throws {
    let delay = Duration.milliseconds(20)
    let server = try SimulatorHTTPServer { _ in
      .init(.whole(HTTPResponse(status: 200, body: [0x6f])), after: delay)
    }
    defer { server.stop() }
    let port = server.port
    let calls = 10
    let begin = SimulatorClock.uptime
    let done = DispatchGroup()
    let failures = Failures()
    for _ in 0..<16 {
      done.enter()
      Thread {
        defer { done.leave() }
        do {
          let client = try LoopbackClient(port: port)
          for _ in 0..<calls {
            let start = SimulatorClock.uptime
            try client.post("/", "{}")
            _ = try client.answer()
            if SimulatorClock.uptime - start < delay { failures.add() }
          }
        } catch {
          failures.add()
        }
      }.start()
    }
    done.wait()
    let elapsed = SimulatorClock.uptime - begin
    #expect(failures.count == 0)
    #expect(server.mostOpenAtOnce == 16)
    // In sequence they would take sixteen times as long.
    #expect(elapsed >= delay * calls && elapsed < delay * calls * 5)
  }

  final class Failures: @unchecked Sendable {
    private let lock = NSLock()
    private var number = 0
    func add() { lock.withLock { number += 1 } }
    var count: Int { lock.withLock { number } }
  }

  @Test("an answer can be cut short, missing, or delayed without end")
  func rawFaults() throws {
    let server = try SimulatorHTTPServer { request in
      let response = HTTPResponse(status: 200, body: Array(repeating: 0x61, count: 1000))
      if request.url.hasSuffix("/half") { return .init(.half(response)) }
      if request.url.hasSuffix("/nothing") { return .init(.nothing) }
      return .init(.silence)
    }
    let half = try LoopbackClient(port: server.port)
    try half.post("/half", "")
    #expect { try half.answer() } throws: {
      ($0 as? LoopbackClient.Failure)?.text == "closed within the body"
    }
    let nothing = try LoopbackClient(port: server.port)
    try nothing.post("/nothing", "")
    #expect { try nothing.answer() } throws: {
      ($0 as? LoopbackClient.Failure)?.text == "closed without an answer"
    }
    let silence = try LoopbackClient(port: server.port)
    try silence.post("/silence", "")
    // A stop also ends a connection that waits without end.
    server.stop()
    #expect(try silence.isClosed())
    server.stop()
  }

  @Test("connections over the limit are closed at once, and others continue")
  func connectionLimit() throws {
    var limits = HTTPServerLimits()
    limits.maximumConnections = 1
    let server = try HTTPServerTests.echo(limits)
    defer { server.stop() }
    let first = try LoopbackClient(port: server.port)
    try first.post("/", "")
    #expect(try first.answer().status == 200)
    let second = try LoopbackClient(port: server.port)
    #expect(try second.isClosed())
    try first.post("/", "")
    #expect(try first.answer().status == 200)
  }

  @Test("a header of an answer cannot add another header")
  func headerInjection() throws {
    let server = try SimulatorHTTPServer { _ in
      .init(.whole(HTTPResponse(status: 200, headers: [Header("A", "b\r\nEvil: 1")])))
    }
    defer { server.stop() }
    let client = try LoopbackClient(port: server.port)
    try client.post("/", "")
    let head = try client.answer().head
    #expect(!head.contains("\r\nEvil") && head.contains("A: bEvil: 1"))
  }
}
