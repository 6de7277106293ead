import POSIX
import RolloutCore
import Transport

@testable import AWSWire

/// The credentials of one process, with a scripted network and clock.
struct CredentialStage {
  let transport: ScriptedTransport
  let clock: ScriptedClock
  let cache: CredentialCache
  let client: JSONClient

  init(
    environment: [String: String], clock: ScriptedClock = ScriptedClock(),
    _ reply:
      @escaping @Sendable (_ request: HTTPRequest, _ index: Int) -> ScriptedTransport.Reply? =
      { _, _ in nil }
  ) {
    self.init(
      environment: environment, clock: clock, transport: ScriptedTransport(answering: reply))
  }

  private init(
    environment: [String: String], clock: ScriptedClock, transport: ScriptedTransport
  ) {
    self.transport = transport
    self.clock = clock
    cache = CredentialCache(environment: environment)
    client = CredentialStage.client(transport, cache, clock, environment)
  }

  /// A client with another transport.
  static func client(
    _ transport: any HTTPTransport, _ cache: CredentialCache, _ clock: any WireClock,
    _ environment: [String: String]
  ) -> JSONClient {
    do {
      return JSONClient(
        transport: transport, credentials: cache,
        endpoints: try Endpoints(environment: environment),
        clock: clock, userAgent: "cognito-certd/test", answered: { _ in })
    } catch {
      preconditionFailure("\(error)")
    }
  }

  func keys(_ identity: Identity = Identity()) async throws(Failure) -> Credentials {
    try await cache.credentials(for: identity, over: client)
  }

  /// `key secret token`, or the message of the failure, which is of the kind `credentials`.
  func found(_ identity: Identity = Identity()) async -> String {
    do throws(Failure) {
      let keys = try await keys(identity)
      return [keys.accessKeyID, keys.secretAccessKey, keys.sessionToken].compactMap { $0?.revealed }
        .joined(separator: " ")
    } catch {
      return error.kind == .credentials ? error.message : "\(error.kind): \(error.message)"
    }
  }
}

/// Answers of STS.
enum STSAnswer {
  static func keys(
    _ name: String, until end: Instant, action: String = "AssumeRole"
  ) -> ScriptedTransport.Reply {
    .json(
      """
      <\(action)Response xmlns="https://sts.amazonaws.com/doc/2011-06-15/"><\(action)Result>
        <AssumedRoleUser><Arn>arn:aws:sts::123456789012:assumed-role/r/s</Arn></AssumedRoleUser>
        <Credentials><AccessKeyId>\(name)-key</AccessKeyId>
          <SecretAccessKey>\(name)-secret</SecretAccessKey>
          <SessionToken>\(name)-token</SessionToken><Expiration>\(end.rfc3339)</Expiration>
        </Credentials></\(action)Result></\(action)Response>
      """)
  }

  static func error(
    _ code: String, _ message: String = "m", status: Int = 403
  ) -> ScriptedTransport.Reply {
    .json(
      "<ErrorResponse><Error><Type>Sender</Type><Code>\(code)</Code><Message>\(message)</Message>"
        + "</Error></ErrorResponse>", status: status)
  }
}

extension HTTPRequest {
  /// The parameters of a request of the query protocol.
  var form: [String: String] {
    let pairs = String(decoding: body, as: UTF8.self).split(separator: "&").map { pair in
      let parts = pair.split(separator: "=", maxSplits: 1, omittingEmptySubsequences: false)
      return (String(parts[0]), String(parts[1]).removingPercentEncodings)
    }
    return Dictionary(pairs) { $1 }
  }

  /// The access key id that signed the request.
  var signer: String? {
    headers.first { $0.name == "Authorization" }?.value.split(separator: "Credential=").last?
      .split(separator: "/").first.map(String.init)
  }

  func header(_ name: String) -> String? { headers.first { $0.name == name }?.value }
}

extension String {
  fileprivate var removingPercentEncodings: String {
    var bytes: [UInt8] = []
    var rest = Array(utf8)[...]
    while let byte = rest.popFirst() {
      let code = UInt8(String(decoding: rest.prefix(2), as: UTF8.self), radix: 16)
      if byte == UInt8(ascii: "%"), let code {
        bytes.append(code)
        rest = rest.dropFirst(2)
      } else {
        bytes.append(byte)
      }
    }
    return String(decoding: bytes, as: UTF8.self)
  }
}
