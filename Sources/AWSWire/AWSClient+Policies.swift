package import RolloutCore
import Transport

/// What IAM's simulation says about a request that is not made.
package enum PolicyDecision: Equatable, Sendable {
  case allowed
  /// With IAM's word: `implicitDeny`, `explicitDeny`.
  case denied(String)
}

extension AWSClient {
  /// Asks IAM whether a principal may do something to a resource. Nothing is done to the resource.
  ///
  /// Policies of the organization and of the resource do not count in the simulation.
  ///
  /// - Parameters:
  ///   - principal: the ARN of a user or a role; not of a role's session.
  ///   - timeout: a shorter limit than that of other requests.
  package func simulate(
    _ action: String, on resource: String, by principal: String, as identity: Identity,
    timeout: Duration? = nil
  ) async -> Look<PolicyDecision> {
    var call = WireCall(
      service: .iam, region: AWSClient.region(ofIAMFor: principal), identity: identity,
      operation: "SimulatePrincipalPolicy", object: principal,
      payload: .form([
        (name: "Action", value: "SimulatePrincipalPolicy"), (name: "Version", value: "2010-05-08"),
        (name: "PolicySourceArn", value: principal), (name: "ActionNames.member.1", value: action),
        (name: "ResourceArns.member.1", value: resource),
      ]), effect: .read, maximumBodySize: AWSClient.maximumSimulation)
    call.timeout = timeout
    do throws(Failure) {
      let response = try await client.answer(to: call)
      switch QueryAnswer(response.body)?.element("EvalDecision") {
      case "allowed": return .seen(.allowed)
      case let word? where ["implicitDeny", "explicitDeny"].contains(word):
        return .seen(.denied(word))
      case .some, nil:
        throw call.failure(
          .malformedAnswer, "the answer has no EvalDecision (HTTP \(response.status))",
          requestID: JSONClient.requestID(of: response))
      }
    } catch {
      return .unseen(error)
    }
  }

  /// In bytes. It has the matching statements of every policy.
  private static let maximumSimulation = 1 << 20

  /// IAM is one service in each partition, with the signatures of this region.
  private static func region(ofIAMFor principal: String) -> Region {
    if principal.hasPrefix("arn:aws-cn:") { return .cnNorth1 }
    return principal.hasPrefix("arn:aws-us-gov:") ? .usGovWest1 : .usEast1
  }
}
