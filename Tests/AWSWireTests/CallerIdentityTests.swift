import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("The caller's identity")
struct CallerIdentityTests {
  private func look(_ reply: ScriptedTransport.Reply) async throws -> Look<CallerIdentity> {
    try await ScriptedAWS([reply]).client.callerIdentity(as: Example.identity)
  }

  private func answer(account: String = "123456789012", arn: String) -> String {
    """
    <GetCallerIdentityResponse xmlns="https://sts.amazonaws.com/doc/2011-06-15/">
      <GetCallerIdentityResult>
        <Arn>\(arn)</Arn><UserId>AIDA</UserId><Account>\(account)</Account>
      </GetCallerIdentityResult>
      <ResponseMetadata><RequestId>1</RequestId></ResponseMetadata>
    </GetCallerIdentityResponse>
    """
  }

  @Test("The answer of STS names the account and the principal")
  func answered() async throws {
    let arn = "arn:aws:sts::123456789012:assumed-role/a&amp;b/session"
    #expect(
      try await look(.json(answer(arn: arn)))
        == .seen(
          CallerIdentity(
            account: "123456789012", arn: "arn:aws:sts::123456789012:assumed-role/a&b/session")))
  }

  @Test("The request uses the query protocol in us-east-1")
  func request() async throws {
    let aws = try ScriptedAWS([.json(answer(arn: "arn:aws:iam::123456789012:root"))])
    _ = await aws.client.callerIdentity(as: Example.identity)
    #expect(aws.transport.requests.first?.url == "https://sts.us-east-1.amazonaws.com/")
    #expect(aws.transport.bodies == ["Action=GetCallerIdentity&Version=2011-06-15"])
  }

  @Test("An answer without an account is malformed")
  func malformed() async throws {
    let arn = "arn:aws:iam::123456789012:root"
    for body in [
      "", "{}", "<html></html>", answer(account: "1", arn: arn), answer(arn: "root"),
      answer(arn: "arn:<b>x</b>"), answer(arn: arn) + answer(arn: arn),
      answer(arn: arn).replacing("</Arn>", with: ""), answer(arn: "arn:\n"),
    ] {
      #expect(try await look(.json(body)).failure?.kind == .malformedAnswer, "\(body)")
    }
  }

  @Test("An error in XML is classified like any other")
  func refused() async throws {
    let look = try await look(
      .json(
        "<ErrorResponse><Error><Type>Sender</Type><Code>InvalidClientTokenId</Code>"
          + "<Message>The security token is invalid &amp; so on</Message></Error></ErrorResponse>",
        status: 403))
    #expect(look.failure?.kind == .credentials)
    #expect(look.failure?.code == "InvalidClientTokenId")
    #expect(look.failure?.message == "The security token is invalid & so on")
  }
}
