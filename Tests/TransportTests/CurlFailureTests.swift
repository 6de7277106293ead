import Foundation
import POSIX
import TestSupport
import Testing
import Transport

@Suite("HTTP failures")
struct CurlFailureTests {
  @Test("With an address without a listener nothing was sent")
  func refused() async throws {
    let port = try await LoopbackServer.serving({ _ in }) { $0.port }
    let transport = CurlTransport()
    for url in [
      "http://127.0.0.1:\(port)/", "http://no-such-host.invalid/", "ftp://127.0.0.1/", "no",
    ] {
      let result = await Exchange.send(HTTPRequest(url: url, timeout: .seconds(5)), by: transport)
      guard case .failure(.notSent(let words)) = result else {
        Issue.record("\(url): \(result)")
        continue
      }
      #expect(!words.isEmpty)
    }
    await transport.shutDown()
  }

  @Test(
    "A connection that closes after the request is a lost answer",
    arguments: [
      "", "HTTP/1.1 200 OK\r\nContent-Le", "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nhalf",
      "HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhal",
    ])
  func answerLost(written: String) async throws {
    for isReset in [false, true] {
      let result = try await Exchange.outcome { connection in
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

  @Test("A time-out after the request was read says that it was sent")
  func hangs() async throws {
    let result = try await Exchange.outcome(of: { $0.timeout = .milliseconds(200) }) {
      _ = $0.readRequest()
      $0.waitForClose()
    }
    guard case .failure(.timedOut(_, sent: true)) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("A time-out in the handshake says that nothing was sent")
  func hangsInHandshake() async throws {
    try await LoopbackServer.serving({ $0.waitForClose() }) { server in
      let transport = CurlTransport()
      let request = HTTPRequest(
        url: "https://127.0.0.1:\(server.port)/", timeout: .milliseconds(300),
        connectTimeout: .milliseconds(200))
      let result = await Exchange.send(request, by: transport)
      guard case .failure(.timedOut(_, sent: false)) = result else {
        Issue.record("\(result)")
        return
      }
      await transport.shutDown()
    }
  }

  @Test("With a server that does not use TLS nothing was sent")
  func notTLS() async throws {
    let result = try await Exchange.outcome(of: { $0.url = "https" + $0.url.dropFirst(4) }) {
      $0.write("SSH-2.0-OpenSSH_9.2\r\n")
      $0.waitForClose()
    }
    guard case .failure(.notSent) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("A body of exactly the limit is accepted; one byte more is not", arguments: [0, 1])
  func limit(excess: Int) async throws {
    let limit = 100_000
    let body = String(repeating: "x", count: limit + excess)
    for isChunked in [false, true] {
      let result = try await Exchange.outcome(of: { $0.maximumBodySize = limit }) { connection in
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

  @Test("A body without end is cut off at the limit")
  func endless() async throws {
    let written = Guarded(0)
    let result = try await Exchange.outcome(of: { $0.maximumBodySize = 1 << 20 }) { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 200 OK\r\n\r\n")
      let chunk = [UInt8](repeating: 0x78, count: 1 << 20)
      for _ in 0..<100 where connection.write(chunk) { written.withLock { $0 += 1 } }
    }
    #expect(result == .failure(.tooLarge(limit: 1 << 20)))
    #expect(written.withLock { $0 } < 100)
  }

  @Test(
    "Headers without end are cut off",
    arguments: [(1000, 10), (10, 60_000)])
  func manyHeaders(count: Int, size: Int) async throws {
    let result = try await Exchange.outcome { connection in
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

  @Test(
    "A header with a line break is not sent",
    arguments: [Header("X", "a\r\nY: b"), Header("X\n", "a"), Header("", "a")])
  func injection(header: Header) async throws {
    let result = try await Exchange.outcome(of: { $0.headers = [header] }) { $0.waitForClose() }
    guard case .failure(.notSent) = result else {
      Issue.record("\(result)")
      return
    }
  }

  @Test("An untrusted certificate is refused before anything is sent")
  func untrusted() async throws {
    try await TLSServer.serving { server in
      let transport = CurlTransport()
      var request = HTTPRequest(method: "GET", url: server.url, timeout: .seconds(5))
      guard case .failure(.notSent(let words)) = await Exchange.send(request, by: transport) else {
        Issue.record("the untrusted server was answered")
        return
      }
      #expect(words.contains("certificate"))

      request.caBundle = server.certificateFile
      let trusted = try await Exchange.send(request, by: transport).get()
      #expect(trusted.status == 200)

      request.url = "https://localhost:\(server.port)/"
      request.usesFreshConnection = true
      guard case .failure(.notSent) = await Exchange.send(request, by: transport) else {
        Issue.record("a certificate of another name was taken")
        return
      }
      request.url = server.url
      request.caBundle = "/nonexistent/ca.pem"
      guard case .failure(.notSent) = await Exchange.send(request, by: transport) else {
        Issue.record("a bundle that is not there was no error")
        return
      }
      await transport.shutDown()
    }
  }

  @Test("A bundle that is corrected while the transport runs is used")
  func correctedBundle() async throws {
    let directory = try TemporaryDirectory()
    let bundle = directory["bundle.pem"]
    try await TLSServer.serving { first in
      try await TLSServer.serving { second in
        let transport = CurlTransport()
        let files = FileManager.default
        try files.copyItem(atPath: second.certificateFile, toPath: bundle)
        var request = HTTPRequest(
          method: "GET", url: first.url, timeout: .seconds(5), caBundle: bundle)
        guard case .failure(.notSent) = await Exchange.send(request, by: transport) else {
          Issue.record("the wrong bundle vouched for the server")
          return
        }
        // The wrong bundle has also vouched for a server, so that libcurl has used it.
        request.url = second.url
        let other = try await Exchange.send(request, by: transport).get()
        #expect(other.status == 200)
        try files.removeItem(atPath: bundle)
        try files.copyItem(atPath: first.certificateFile, toPath: bundle)
        request.url = first.url
        let corrected = try await Exchange.send(request, by: transport).get()
        #expect(corrected.status == 200)
        await transport.shutDown()
      }
    }
  }

  @Test("Only the roots of a bundle are trusted")
  func otherBundle() async throws {
    try await TLSServer.serving { first in
      try await TLSServer.serving { second in
        let transport = CurlTransport()
        let request = HTTPRequest(
          method: "GET", url: first.url, timeout: .seconds(5), caBundle: second.certificateFile)
        guard case .failure(.notSent) = await Exchange.send(request, by: transport) else {
          Issue.record("the wrong bundle vouched for the server")
          return
        }
        await transport.shutDown()
      }
    }
  }
}
