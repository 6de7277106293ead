import Transport

/// Sends requests to servers that misbehave.
enum Exchange {
  /// The outcome of one request to a server that runs `handler`.
  static func outcome(
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

  static func send(
    _ request: HTTPRequest, by transport: CurlTransport
  ) async -> Result<HTTPResponse, TransportError> {
    do throws(TransportError) {
      return .success(try await transport.send(request))
    } catch {
      return .failure(error)
    }
  }
}
