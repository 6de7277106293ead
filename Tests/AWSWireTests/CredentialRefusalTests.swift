import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Credentials that AWS refuses")
struct CredentialRefusalTests {
  /// Hands out one key after another, the last one for ever.
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
      endpoints: try Endpoints(), clock: ScriptedClock())
  }

  private func keys(_ transport: ScriptedTransport) -> [Substring] {
    transport.requests.compactMap { request in
      request.headers.first { $0.name == "Authorization" }?.value
        .split(separator: "Credential=").last?.split(separator: "/").first
    }
  }

  @Test("A read is signed anew with what the file holds now, once")
  func rotated() async throws {
    let source = RotatingSource(["old", "new"])
    let transport = ScriptedTransport([
      .error("ExpiredTokenException"), .json("{\"CertificateSummaryList\":[]}"),
    ])
    #expect(
      try await client(source, transport).listCertificates(as: Identity()) == .seen([]))
    #expect(keys(transport) == ["old", "new"])
  }

  @Test("The same keys are not tried twice in a call, and read again at the next")
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

  @Test("New keys that are refused as well end the call")
  func bothRefused() async throws {
    let source = RotatingSource(["a", "b", "c"])
    let refusal = ScriptedTransport.Reply.error("InvalidClientTokenId")
    let transport = ScriptedTransport([refusal, refusal, refusal])
    let look = try await client(source, transport).listCertificates(as: Identity())
    #expect(look.failure?.kind == .credentials)
    #expect(keys(transport) == ["a", "b"])
  }

  @Test("An update is not sent again with other keys; the next one has them")
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
