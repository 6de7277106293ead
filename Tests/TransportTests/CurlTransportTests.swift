import POSIX
import Testing
import Transport

@Suite("HTTP with libcurl")
struct CurlTransportTests {
  @Test("A request arrives unchanged, and its response is complete")
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
      let request = try #require(server.requests.withLock { $0.first })
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

  @Test("A body of a megabyte and a GET without a body work")
  func bodies() async throws {
    let megabyte = [UInt8](repeating: 0x61, count: 1 << 20)
    let large = try await Exchange.outcome(of: { $0.body = megabyte }) {
      let request = $0.readRequest() ?? ""
      $0.answer(String(request.utf8.count > 1 << 20))
    }
    #expect(try large.get().body == Array("true".utf8))
    let get = try await Exchange.outcome(of: {
      $0.method = "GET"
      $0.body = []
    }) { $0.answer(String(($0.readRequest() ?? "").hasPrefix("GET / HTTP/1.1\r\n"))) }
    #expect(try get.get().body == Array("true".utf8))
  }

  @Test("A request does not wait for a connection on which another one hangs")
  func hangingConnection() async throws {
    let isOver = Guarded(false)
    try await LoopbackServer.serving({ connection in
      let request = connection.readRequest() ?? ""
      if request.contains("/hang") { isOver.wait { $0 } }
      connection.answer("pong")
    }) { server in
      let transport = CurlTransport()
      await withTaskGroup(of: Void.self) { group in
        for _ in 0..<3 {
          group.addTask {
            _ = try? await transport.send(
              HTTPRequest(url: server.url + "hang", timeout: .seconds(20)))
          }
        }
        // The connections of the first requests are not proven yet.
        let answer = try? await transport.send(
          HTTPRequest(url: server.url, timeout: .seconds(5)))
        #expect(answer?.status == 200)
        isOver.withLock { $0 = true }
      }
      await transport.shutDown()
    }
  }

  @Test("Connections are reused, except by a request for a fresh one")
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

  @Test("A request on a fresh connection that closes is sent exactly once")
  func sentOnce() async throws {
    try await LoopbackServer.serving({ connection in
      // The first request is answered; later ones are read and not answered.
      if connection.readRequest() != nil, connection.number == 1 { connection.answer("ok") }
      _ = connection.number == 1 ? connection.readRequest() : nil
    }) { server in
      let transport = CurlTransport()
      _ = try await transport.send(HTTPRequest(url: server.url))
      let result = await Exchange.send(
        HTTPRequest(url: server.url, usesFreshConnection: true), by: transport)
      guard case .failure(.answerLost) = result else {
        Issue.record("\(result)")
        return
      }
      #expect(server.requestCount == 2)
      await transport.shutDown()
    }
  }

  @Test("A redirect is not followed")
  func redirect() async throws {
    let result = try await Exchange.outcome { connection in
      _ = connection.readRequest()
      connection.write(
        "HTTP/1.1 302 Found\r\nLocation: http://127.0.0.1:1/\r\nContent-Length: 0\r\n\r\n")
    }
    #expect(try result.get().status == 302)
  }

  @Test("Only the headers of the final response are kept, not those of 100 Continue")
  func interim() async throws {
    let result = try await Exchange.outcome { connection in
      _ = connection.readRequest()
      connection.write("HTTP/1.1 103 Early Hints\r\nX-Early: 1\r\n\r\n")
      connection.answer("ok")
    }
    #expect(try result.get().header("X-Early") == nil)
    #expect(try result.get().status == 200)
  }

  @Test("A cancelled task gets its error at once, and the transport stays usable")
  func cancellation() async throws {
    try await LoopbackServer.serving({ connection in
      while let request = connection.readRequest() {
        if request.contains("/hang") { return connection.waitForClose() }
        connection.answer("ok")
      }
    }) { server in
      let transport = CurlTransport()
      let task = Task {
        await Exchange.send(
          HTTPRequest(url: server.url + "hang", timeout: .seconds(60)), by: transport)
      }
      while server.requestCount == 0 { await Task.yield() }
      task.cancel()
      #expect(await task.value == .failure(.answerLost("cancelled")))
      let next = try await transport.send(HTTPRequest(url: server.url))
      #expect(next.status == 200)
      let never = Task {
        withUnsafeCurrentTask { $0?.cancel() }
        return await Exchange.send(HTTPRequest(url: server.url), by: transport)
      }
      #expect(await never.value == .failure(.notSent("cancelled")))
      await transport.shutDown()
    }
  }

  @Test("A shutdown ends running requests and refuses later ones")
  func shutDown() async throws {
    try await LoopbackServer.serving({ connection in
      _ = connection.readRequest()
      connection.waitForClose()
    }) { server in
      let transport = CurlTransport()
      let task = Task {
        await Exchange.send(HTTPRequest(url: server.url, timeout: .seconds(60)), by: transport)
      }
      while server.requestCount == 0 { await Task.yield() }
      await transport.shutDown()
      #expect(await task.value == .failure(.answerLost("the transport is shut down")))
      await transport.shutDown()
      let late = await Exchange.send(HTTPRequest(url: server.url), by: transport)
      #expect(late == .failure(.notSent("the transport is shut down")))
    }
  }

  @Test("Two hundred concurrent requests each get their own response")
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
            let answer = await Exchange.send(request, by: transport)
            return (number, (try? answer.get()).map { String(decoding: $0.body, as: UTF8.self) })
          }
        }
        return await group.reduce(into: [:]) { $0[$1.0] = $1.1 }
      }
      #expect(answers == Dictionary(uniqueKeysWithValues: (0..<200).map { ($0, "\($0)") }))
      await transport.shutDown()
    }
  }
}
