import Testing
import Transport

@Suite("HTTP by libcurl")
struct CurlTransportTests {
  /// How one request to a server that behaves like `handler` ended.
  private func outcome(
    of change: (inout HTTPRequest) -> Void = { _ in },
    with handler: @escaping @Sendable (LoopbackServer.Connection) -> Void
  ) async throws -> Result<HTTPResponse, TransportError> {
    try await LoopbackServer.serving(handler) { server in
      let transport = CurlTransport()
      var request = HTTPRequest(url: server.url, body: Array("ping".utf8), timeout: .seconds(5))
      change(&request)
      let result = await send(request, by: transport)
      await transport.shutDown()
      return result
    }
  }

  private func send(
    _ request: HTTPRequest, by transport: CurlTransport
  ) async -> Result<HTTPResponse, TransportError> {
    do throws(TransportError) {
      return .success(try await transport.send(request))
    } catch {
      return .failure(error)
    }
  }

  @Test("A request arrives as it was written, and its answer comes back whole")
  func roundTrip() async throws {
    try await LoopbackServer.serving({ connection in
      _ = connection.readRequest()
      connection.answer("pong", headers: "X-Amzn-RequestId:  abc \r\nDate: now\r\n")
    }) { server in
      let transport = CurlTransport()
      let answer = try await transport.send(
        HTTPRequest(
          url: server.url + "a?b=c",
          headers: [Header("Content-Type", "application/x-amz-json-1.1"), Header("X-Empty", "")],
          body: Array("{\"é\":1}".utf8)))
      #expect(answer.status == 200)
      #expect(answer.body == Array("pong".utf8))
      #expect(answer.header("x-amzn-requestid") == "abc")
      let request = try #require(server.requests.with { $0.first })
      #expect(request.hasPrefix("POST /a?b=c HTTP/1.1\r\n"))
      #expect(request.hasSuffix("\r\n\r\n{\"é\":1}"))
      #expect(request.contains("\r\nHost: 127.0.0.1:\(server.port)\r\n"))
      #expect(request.contains("\r\nContent-Type: application/x-amz-json-1.1\r\n"))
      #expect(request.contains("\r\nX-Empty:\r\n"))
      for unwanted in ["Expect:", "Accept:", "User-Agent:"] {
        #expect(!request.contains(unwanted))
      }
      await transport.shutDown()
    }
  }

  @Test("A body of a megabyte and a GET without one both pass")
  func bodies() async throws {
    let large = try await outcome(of: { $0.body = [UInt8](repeating: 0x61, count: 1 << 20) }) {
      let request = $0.readRequest() ?? ""
      $0.answer(String(request.utf8.count > 1 << 20))
    }
    #expect(try large.get().body == Array("true".utf8))
    let get = try await outcome(of: {
      $0.method = "GET"
      $0.body = []
    }) { $0.answer(String(($0.readRequest() ?? "").hasPrefix("GET / HTTP/1.1\r\n"))) }
    #expect(try get.get().body == Array("true".utf8))
  }

  @Test("Connections are reused, and a request that asks for a fresh one gets its own")
  func connections() async throws {
    try await LoopbackServer.serving({ connection in
      while connection.readRequest() != nil { connection.answer("\(connection.number)") }
    }) { server in
      let transport = CurlTransport()
      var seen: [String] = []
      for isFresh in [false, false, true, false, true] {
        let request = HTTPRequest(url: server.url, usesFreshConnection: isFresh)
        seen.append(String(decoding: try await transport.send(request).body, as: UTF8.self))
      }
      #expect(seen == ["1", "1", "2", "1", "3"])
      await transport.shutDown()
    }
  }

  @Test("A fresh request whose connection dies is sent exactly once")
  func sentOnce() async throws {
    try await LoopbackServer.serving({ connection in
      // The first request is answered; whatever else comes is read and never answered.
      if connection.readRequest() != nil, connection.number == 1 { connection.answer("ok") }
      _ = connection.number == 1 ? connection.readRequest() : nil
    }) { server in
      let transport = CurlTransport()
      _ = try await transport.send(HTTPRequest(url: server.url))
      let result = await send(
        HTTPRequest(url: server.url, usesFreshConnection: true), by: transport)
      guard case .failure(.answerLost) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(server.requestCount == 2)
      await transport.shutDown()
    }
  }

  @Test("An address where nobody listens: nothing was sent")
  func refused() async throws {
    let port = try await LoopbackServer.serving({ _ in }) { $0.port }
    let transport = CurlTransport()
    for url in [
      "http://127.0.0.1:\(port)/", "http://no-such-host.invalid/", "ftp://127.0.0.1/", "no",
    ] {
      let result = await send(HTTPRequest(url: url, timeout: .seconds(5)), by: transport)
      guard case .failure(.notSent(let words)) = result else {
        Issue.record("\(url): \(result)")
        continue
      }
      #expect(!words.isEmpty)
    }
    await transport.shutDown()
  }

  @Test(
    "A connection that ends after the request leaves open whether it was done",
    arguments: [
      "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
    ])
  func answerLost(written: String) async throws {
    for isReset in [false, true] {
      let result = try await outcome { connection in
        _ = connection.readRequest()
        connection.write(written)
        if isReset { connection.reset() }
      }
      guard case .failure(.answerLost) = result else {
        Issue.record("\(isReset): \(result)")
        continue
      }
    }
  }

  @Test("A server that hangs after reading is a time-out in which something was sent")
  func hangs() async throws {
    let result = try await outcome(of: { $0.timeout = .milliseconds(200) }) {
      _ = $0.readRequest()
      $0.waitForClose()
    }
    guard case .failure(.timedOut(_, sent: true)) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("A handshake that hangs is a time-out in which nothing was sent")
  func hangsInHandshake() async throws {
    try await LoopbackServer.serving({ $0.waitForClose() }) { server in
      let transport = CurlTransport()
      let request = HTTPRequest(
        url: "https://127.0.0.1:\(server.port)/", timeout: .milliseconds(300),
        connectTimeout: .milliseconds(200))
      let result = await send(request, by: transport)
      guard case .failure(.timedOut(_, sent: false)) = result else {
        Issue.record("\(result)")
        return
      }
      await transport.shutDown()
    }
  }

  @Test("A server that speaks no TLS: nothing was sent")
  func notTLS() async throws {
    let result = try await outcome(of: { $0.url = "https" + $0.url.dropFirst(4) }) {
      $0.write("SSH-2.0-OpenSSH_9.2\r\n")
      $0.waitForClose()
    }
    guard case .failure(.notSent) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("An answer of exactly the limit passes; one byte more does not", arguments: [0, 1])
  func limit(excess: Int) async throws {
    let limit = 100_000
    let body = String(repeating: "x", count: limit + excess)
    for isChunked in [false, true] {
      let result = try await outcome(of: { $0.maximumBodySize = limit }) { connection in
        _ = connection.readRequest()
        if isChunked {
          connection.write("HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n")
          connection.write("\(String(body.utf8.count, radix: 16))\r\n\(body)\r\n0\r\n\r\n")
        } else {
          connection.answer(body)
        }
      }
      switch result {
      case .success(let answer): #expect(excess == 0 && answer.body.count == limit)
      case .failure(let error): #expect(excess == 1 && error == .tooLarge(limit: limit))
      }
    }
  }

  @Test("A server that sends 100 MB without end is cut off at the limit")
  func endless() async throws {
    let written = Locked(0)
    let result = try await outcome(of: { $0.maximumBodySize = 1 << 20 }) { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\n\r\n")
      let chunk = [UInt8](repeating: 0x78, count: 1 << 20)
      for _ in 0..<100 where connection.write(chunk) { written.with { $0 += 1 } }
    }
    #expect(result == .failure(.tooLarge(limit: 1 << 20)))
    #expect(written.with { $0 } < 100)
  }

  @Test(
    "Headers without end are cut off",
    arguments: [(1000, 10), (10, 60_000)])
  func manyHeaders(count: Int, size: Int) async throws {
    let result = try await outcome { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\n")
      let line = "X-A: " + String(repeating: "y", count: size) + "\r\n"
      for _ in 0..<count where !connection.write(line) { return }
      connection.write("\r\n")
    }
    guard case .failure(.answerLost(let words)) = result else {
      Issue.record("\(result)")
      return
    }
    #expect(words.contains("headers"))
  }

  @Test("A redirect is an answer and is not followed")
  func redirect() async throws {
    let result = try await outcome { connection in
      _ = connection.readRequest()
      connection.write(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    }
    #expect(try result.get().status == 302)
  }

  @Test("Only the headers of the last answer count, not those of 100 Continue")
  func interim() async throws {
    let result = try await outcome { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
      connection.answer("ok")
    }
    #expect(try result.get().header("X-Early") == nil)
    #expect(try result.get().status == 200)
  }

  @Test(
    "A header with a line break never leaves",
    arguments: [Header("X", "a\r\nY: b"), Header("X\n", "a"), Header("", "a")])
  func injection(header: Header) async throws {
    let result = try await outcome(of: { $0.headers = [header] }) { $0.waitForClose() }
    guard case .failure(.notSent) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("A cancelled task gets its error at once and the transport goes on")
  func cancellation() async throws {
    try await LoopbackServer.serving({ connection in
      while let request = connection.readRequest() {
        if request.contains("/hang") { return connection.waitForClose() }
        connection.answer("ok")
      }
    }) { server in
      let transport = CurlTransport()
      let task = Task {
        await send(HTTPRequest(url: server.url + "hang", timeout: .seconds(60)), by: transport)
      }
      while server.requestCount == 0 { await Task.yield() }
      task.cancel()
      #expect(await task.value == .failure(.answerLost("cancelled")))
      let next = try await transport.send(HTTPRequest(url: server.url))
      #expect(next.status == 200)
      let never = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await send(HTTPRequest(url: server.url), by: transport)
      }
      #expect(await never.value == .failure(.notSent("cancelled")))
      await transport.shutDown()
    }
  }

  @Test("Shutting down ends what is under way and refuses what comes later")
  func shutDown() async throws {
    try await LoopbackServer.serving({ connection in
      _ = connection.readRequest()
      connection.waitForClose()
    }) { server in
      let transport = CurlTransport()
      let task = Task {
        await send(HTTPRequest(url: server.url, timeout: .seconds(60)), by: transport)
      }
      while server.requestCount == 0 { await Task.yield() }
      await transport.shutDown()
      #expect(await task.value == .failure(.answerLost("the transport is shut down")))
      await transport.shutDown()
      let late = await send(HTTPRequest(url: server.url), by: transport)
      #expect(late == .failure(.notSent("the transport is shut down")))
    }
  }

  @Test("Two hundred requests side by side each get their own answer")
  func concurrency() async throws {
    try await LoopbackServer.serving({ connection in
      while let request = connection.readRequest() {
        connection.answer(String(request.split(separator: "\r\n\r\n").last ?? ""))
      }
    }) { server in
      let transport = CurlTransport()
      let answers = await withTaskGroup(of: (Int, String?).self) { group in
        for number in 0..<200 {
          group.addTask {
            let request = HTTPRequest(url: server.url, body: Array("\(number)".utf8))
            let answer = await send(request, by: transport)
            return (number, (try? answer.get()).map { String(decoding: $0.body, as: UTF8.self) })
          }
        }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      #expect(answers == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, "\($0)") }))
      await transport.shutDown()
    }
  }

  @Test("A certificate that no root vouches for is refused before anything is sent")
  func untrusted() async throws {
    try await TLSServer.serving { server in
      let transport = CurlTransport()
      var request = HTTPRequest(method: "GET", url: server.url, timeout: .seconds(5))
      guard case .failure(.notSent(let words)) = await send(request, by: transport) else {
        Issue.record("the untrusted server was answered")
        return
      }
      #expect(words.contains("certificate"))

      request.caBundle = server.certificateFile
      let trusted = try await send(request, by: transport).get()
      #expect(trusted.status == 200)

      request.url = "https://localhost:\(server.port)/"
      request.usesFreshConnection = true
      guard case .failure(.notSent) = await send(request, by: transport) else {
        Issue.record("a certificate of another name was taken")
        return
      }
      request.url = server.url
      request.caBundle = "/nonexistent/ca.pem"
      guard case .failure(.notSent) = await send(request, by: transport) else {
        Issue.record("a bundle that is not there was no error")
        return
      }
      await transport.shutDown()
    }
  }

  @Test("A bundle vouches only for what is in it")
  func otherBundle() async throws {
    try await TLSServer.serving { first in
      try await TLSServer.serving { second in
        let transport = CurlTransport()
        let request = HTTPRequest(
          method: "GET", url: first.url, timeout: .seconds(5), caBundle: second.certificateFile)
        guard case .failure(.notSent) = await send(request, by: transport) else {
          Issue.record("the wrong bundle vouched for the server")
          return
        }
        await transport.shutDown()
      }
    }
  }
}
