import LosslessJSON
import Reconciliation
import RolloutCore
package import Transport

/// The client for the AWS operations that this program uses: certificates and their tags in
/// us-east-1, Cognito's domains, and the caller's identity.
///
/// A process uses one, because it keeps credentials, the error of the clock and the retry quota.
package struct AWSClient: Sendable {
  let client: JSONClient

  /// - Parameter userAgent: for example `cognito-certd/1.2.3`.
  package init(
    transport: any HTTPTransport, credentials: CredentialCache, endpoints: Endpoints,
    clock: any WireClock, userAgent: String = "cognito-certd"
  ) {
    client = JSONClient(
      transport: transport, credentials: credentials, endpoints: endpoints, clock: clock,
      userAgent: userAgent)
  }

  /// Requests one page after another and calls `read` with each. `read` returns the token of the next
  /// page; `call` makes a request from a token, which is nil for the first page.
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
      if !seen.insert(next).inserted { throw malformed("a page token repeats an earlier one") }
    }
    throw call(nil).failure(
      .malformedAnswer, "the list has more than \(AWSClient.maximumPages) pages")
  }

  /// The pages of one list. An account has up to 2,500 certificates by default.
  static let maximumPages = 50
}

extension AWSClient: CredentialPort {
  package func refreshCredentials() async { await client.credentials.refresh() }
}
