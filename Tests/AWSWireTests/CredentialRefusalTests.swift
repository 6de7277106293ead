import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Credentials that AWS refuses")
struct CredentialRefusalTests {
  /// Returns one key after another, and then always the last one.
  private actor RotatingSource: CredentialSource {
    private var keys: [String]
    private(set) var reads = 0

    init(_ keys: [String]) { self.keys = keys }

    func credentials(for identity: Identity) async throws(Failure) -> Credentials {
      reads += 1
      let key = keys.count > 1 ? keys.removeFirst() : keys[0]
      return Credentials(accessKeyID: key, secretAccessKey: "secret", origin: "a test")
    }
  }

  private func client(
    _ source: RotatingSource, _ transport: ScriptedTransport
  ) throws -> AWSClient {
    AWSClient(
      transport: transport, credentials: CredentialCache(source: source),
      endpoints: try Endpoints(), clock: ScriptedClock(), uptime: { .zero },
      answered: {})
  }

  private func keys(_ transport: ScriptedTransport) -> [Substring] {
    transport.requests.compactMap { request in
      request.headers.first { $0.name == "Authorization" }?.value
        .split(separator: "Credential=").last?.split(separator: "/").first
    }
  }

  @Test("A refused read is signed again once, with the keys that the file has now")
  func rotated() async throws {
    let source = RotatingSource(["old", "new"])
    let transport = ScriptedTransport([
      .error("ExpiredTokenException"), .json("{\"CertificateSummaryList\":[]}"),
    ])
    #expect(
      try await client(source, transport).listCertificates(as: Identity()) == .seen([]))
    #expect(keys(transport) == ["old", "new"])
  }

  @Test("Unchanged keys are not used twice in a request, and are read again for the next one")
  func unchanged() async throws {
    let source = RotatingSource(["old"])
    let refusal = ScriptedTransport.Reply.error("UnrecognizedClientException")
    let transport = ScriptedTransport([refusal, refusal, refusal])
    let client = try client(source, transport)
    for calls in 1...2 {
      let look = await client.listCertificates(as: Identity())
      #expect(look.failure?.kind == .credentials)
      #expect(transport.requests.count == calls)
    }
  }

  @Test("A request ends when the new keys are refused, too")
  func bothRefused() async throws {
    let source = RotatingSource(["a", "b", "c"])
    let refusal = ScriptedTransport.Reply.error("InvalidClientTokenId")
    let transport = ScriptedTransport([refusal, refusal, refusal])
    let look = try await client(source, transport).listCertificates(as: Identity())
    #expect(look.failure?.kind == .credentials)
    #expect(keys(transport) == ["a", "b"])
  }

  @Test("An update is not sent again with other keys; the next one uses them")
  func update() async throws {
    let source = RotatingSource(["old", "new"])
    let transport = ScriptedTransport([.error("ExpiredTokenException"), .json("{}")])
    let client = try client(source, transport)
    guard case .failed(let failure) = await client.updateDomain(try Example.update()) else {
      Issue.record("the update passed")
      return
    }
    #expect(failure.kind == .credentials)
    #expect(keys(transport) == ["old"])
    #expect(await client.updateDomain(try Example.update()) == .accepted(requestID: "r-1"))
    #expect(keys(transport) == ["old", "new"])
  }
}
