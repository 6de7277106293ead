import POSIX
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Credentials that AWS refuses")
struct CredentialRefusalTests {
  private static let source = "http://127.0.0.1/keys"

  /// AWS, which answers from a script, and a container's platform, which gives one key after another
  /// and then always the last one.
  private func client(
    _ keys: [String], _ replies: [ScriptedTransport.Reply]
  ) throws -> (AWSClient, ScriptedTransport) {
    let counts = Guarded((keys: 0, replies: 0))
    let transport = ScriptedTransport(answering: { request, _ in
      counts.withLock { counts in
        if request.url == Self.source {
          defer { counts.keys += 1 }
          let key = keys[min(counts.keys, keys.count - 1)]
          return .json(
            #"{"AccessKeyId":"\#(key)","SecretAccessKey":"secret","Token":"token"}"#)
        }
        defer { counts.replies += 1 }
        return replies.indices.contains(counts.replies) ? replies[counts.replies] : nil
      }
    })
    let client = AWSClient(
      transport: transport,
      credentials: CredentialCache(environment: [
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": Self.source
      ]), endpoints: try Endpoints(), clock: ScriptedClock(), uptime: { .zero }, answered: { _ in })
    return (client, transport)
  }

  private func keys(_ transport: ScriptedTransport) -> [Substring] {
    transport.requests.filter { $0.url != Self.source }.compactMap { request in
      request.headers.first { $0.name == "Authorization" }?.value
        .split(separator: "Credential=").last?.split(separator: "/").first
    }
  }

  @Test("A refused read is signed again once, with the keys that the file has now")
  func rotated() async throws {
    let (client, transport) = try client(
      ["old", "new"],
      [.error("ExpiredTokenException"), .json("{\"CertificateSummaryList\":[]}")])
    #expect(await client.listCertificates(as: Identity()) == .seen([]))
    #expect(keys(transport) == ["old", "new"])
  }

  @Test("Unchanged keys are not used twice in a request, and are read again for the next one")
  func unchanged() async throws {
    let refusal = ScriptedTransport.Reply.error("UnrecognizedClientException")
    let (client, transport) = try client(["old"], [refusal, refusal, refusal])
    for calls in 1...2 {
      let look = await client.listCertificates(as: Identity())
      #expect(look.failure?.kind == .credentials)
      #expect(keys(transport).count == calls)
    }
  }

  @Test("A request ends when the new keys are refused, too")
  func bothRefused() async throws {
    let refusal = ScriptedTransport.Reply.error("InvalidClientTokenId")
    let (client, transport) = try client(["a", "b", "c"], [refusal, refusal, refusal])
    let look = await client.listCertificates(as: Identity())
    #expect(look.failure?.kind == .credentials)
    #expect(keys(transport) == ["a", "b"])
  }

  @Test("An update is not sent again with other keys; the next one uses them")
  func update() async throws {
    let (client, transport) = try client(
      ["old", "new"], [.error("ExpiredTokenException"), .json("{}")])
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
