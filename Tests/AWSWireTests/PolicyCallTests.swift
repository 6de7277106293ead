import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("IAM's simulation and requests that only try")
struct PolicyCallTests {
  private let principal = "arn:aws:iam::123456789012:role/rotator"

  private func answer(_ decision: String) -> String {
    """
    <SimulatePrincipalPolicyResponse xmlns="https://iam.amazonaws.com/doc/2010-05-08/">
      <SimulatePrincipalPolicyResult><IsTruncated>false</IsTruncated><EvaluationResults><member>
        <EvalActionName>cloudfront:updateDistribution</EvalActionName>
        <EvalDecision>\(decision)</EvalDecision>
        <ResourceSpecificResults><member><EvalResourceDecision>\(decision)</EvalResourceDecision>
        </member></ResourceSpecificResults>
      </member></EvaluationResults></SimulatePrincipalPolicyResult>
    </SimulatePrincipalPolicyResponse>
    """
  }

  private func simulate(_ reply: ScriptedTransport.Reply) async throws -> Look<PolicyDecision> {
    try await ScriptedAWS([reply]).client.simulate(
      "cloudfront:updateDistribution", on: "*", by: principal, as: Example.identity)
  }

  @Test("IAM allows an action or denies it")
  func decisions() async throws {
    #expect(try await simulate(.json(answer("allowed"))) == .seen(.allowed))
    #expect(try await simulate(.json(answer("implicitDeny"))) == .seen(.denied("implicitDeny")))
    #expect(try await simulate(.json(answer("explicitDeny"))) == .seen(.denied("explicitDeny")))
  }

  @Test("an answer that says neither is malformed")
  func malformed() async throws {
    for body in ["", "{}", answer("perhaps"), answer("allowed") + answer("implicitDeny")] {
      #expect(try await simulate(.json(body)).failure?.kind == .malformedAnswer, "\(body)")
    }
  }

  @Test("the request goes to the one endpoint of IAM, and a refusal names its action")
  func request() async throws {
    let aws = try ScriptedAWS([
      .json(
        "<ErrorResponse><Error><Code>AccessDenied</Code><Message>no</Message></Error>"
          + "</ErrorResponse>", status: 403)
    ])
    let look = await aws.client.simulate(
      "a:B", on: "arn:aws:x", by: principal, as: Example.identity)
    #expect(look.failure?.kind == .accessDenied)
    #expect(look.failure?.message.contains("iam:SimulatePrincipalPolicy") == true)
    #expect(aws.transport.requests.first?.url == "https://iam.amazonaws.com/")
    #expect(
      aws.transport.bodies == [
        "Action=SimulatePrincipalPolicy&Version=2010-05-08"
          + "&PolicySourceArn=arn%3Aaws%3Aiam%3A%3A123456789012%3Arole%2Frotator"
          + "&ActionNames.member.1=a%3AB&ResourceArns.member.1=arn%3Aaws%3Ax"
      ])
  }

  @Test("trying the list asks for one certificate")
  func trials() async throws {
    let aws = try ScriptedAWS([
      .json(#"{"CertificateSummaryList":[]}"#), .json(#"{"ResourceTagMappingList":[]}"#),
      .error("AccessDeniedException"),
    ])
    #expect(await aws.client.tryListing(as: Example.identity) == nil)
    #expect(await aws.client.tryTags(as: Example.identity) == nil)
    #expect(await aws.client.tryListing(as: Example.identity)?.kind == .accessDenied)
    #expect(aws.transport.bodies.first == #"{"MaxItems":1}"#)
  }

  @Test("any answer shows that an endpoint is reached, and tells AWS's time")
  func reach() async throws {
    let aws = try ScriptedAWS([
      .json(
        "<UnknownOperationException/>", status: 404,
        [
          Header("Date", "Mon, 23 Nov 2026 21:36:51 GMT")
        ]), .failure(.timedOut("Connection timed out", sent: false)),
    ])
    let seen = await aws.client.reach(
      .cognito, in: try Example.region(), as: Example.identity, timeout: .seconds(3))
    #expect(
      seen
        == .seen(
          EndpointAnswer(
            url: "https://cognito-idp.eu-west-1.amazonaws.com/", status: 404,
            date: ScriptedClock.start)))
    #expect(aws.transport.requests.first?.method == "GET")
    #expect(aws.transport.requests.first?.timeout == .seconds(3))
    #expect(aws.transport.requests.first?.headers == [])
    let silent = await aws.client.reach(
      .acm, in: .usEast1, as: Example.identity, timeout: .seconds(3))
    #expect(silent.failure?.kind == .unreachable)
    #expect(silent.failure?.object == "https://acm.us-east-1.amazonaws.com/")
  }
}
