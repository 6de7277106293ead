package import RolloutCore
import Transport

/// The account and principal that AWS sees behind a request.
package struct CallerIdentity: Equatable, Sendable {
  package let account: String
  /// `arn:aws:iam::123456789012:user/rotator`, or an assumed role's.
  package let arn: String
}

extension AWSClient {
  /// The account and the principal of an identity's credentials. The request needs no permission.
  ///
  /// - Parameter timeout: a shorter limit than that of other requests.
  package func callerIdentity(
    as identity: Identity, timeout: Duration? = nil
  ) async -> Look<CallerIdentity> {
    var call = WireCall(
      service: .sts, region: .usEast1, identity: identity, operation: "GetCallerIdentity",
      object: identity.description, payload: .form("Action=GetCallerIdentity&Version=2011-06-15"),
      effect: .read, maximumBodySize: AWSClient.maximumCallerIdentity)
    call.timeout = timeout
    do throws(Failure) {
      let response = try await client.answer(to: call)
      let answer = QueryAnswer(response.body)
      guard let account = answer?.element("Account"), let arn = answer?.element("Arn"),
        account.utf8.count == 12, account.utf8.allSatisfy({ (0x30...0x39).contains($0) }),
        arn.hasPrefix("arn:"), arn.utf8.count <= 2048,
        arn.utf8.allSatisfy({ (0x21...0x7e).contains($0) })
      else {
        throw call.failure(
          .malformedAnswer, "the answer has no Account and Arn (HTTP \(response.status))",
          requestID: JSONClient.requestID(of: response))
      }
      return .seen(CallerIdentity(account: account, arn: arn))
    } catch {
      return .unseen(error)
    }
  }

  /// In bytes. The answer has about 500.
  private static let maximumCallerIdentity = 64 << 10
}
