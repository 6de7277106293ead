import LosslessJSON
import Reconciliation
import RolloutCore
package import Transport

/// AWS as this program uses it: ACM's certificates and their tags in us-east-1, Cognito's
/// domains, and who one is.
///
/// Share one: it remembers credentials, the clock's error and the retry quota.
package struct AWSClient: Sendable {
  let client: JSONClient

  /// `userAgent`: `cognito-certd/1.2.3`.
  package init(
    transport: any HTTPTransport, credentials: CredentialCache, endpoints: Endpoints,
    clock: any WireClock, userAgent: String = "cognito-certd"
  ) {
    client = JSONClient(
      transport: transport, credentials: credentials, endpoints: endpoints, clock: clock,
      userAgent: userAgent)
  }

  /// Asks for page after page and hands each to `read`, which answers the next page's token.
  /// `body` makes a request of a token, nil for the first.
  func pages(
    of call: (_ token: String?) -> WireCall,
    read: (JSONValue) throws(MemberReader.Problem) -> String?
  ) async throws(Failure) {
    var token: String?
    var seen: Set<String> = []
    for _ in 0..<AWSClient.maximumPages {
      let page = call(token)
      let (value, requestID) = try await client.object(from: page)
      func malformed(_ problem: String) -> Failure {
        page.failure(.malformedAnswer, problem, requestID: requestID)
      }
      do throws(MemberReader.Problem) {
        token = try read(value)
      } catch {
        throw malformed(error.description)
      }
      guard let next = token, !next.isEmpty else { return }
      if !seen.insert(next).inserted { throw malformed("a page leads back to an earlier one") }
    }
    throw call(nil).failure(
      .malformedAnswer, "more than \(AWSClient.maximumPages) pages: the list seems to be endless")
  }

  /// Of any list. An account has 2,500 certificates, unless AWS raised its quota.
  static let maximumPages = 50
}

extension AWSClient: CredentialPort {
  package func refreshCredentials() async { await client.credentials.refresh() }
}
