import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("User pools and their custom domains")
struct UserPoolCallTests {
  private let pool = "eu-west-1_Ab12Cd34E"

  private func list(_ aws: ScriptedAWS) async throws -> (ids: [String], list: UserPoolList) {
    var ids: [String] = []
    let list = await aws.client.listUserPools(in: try Example.region(), as: Example.identity) {
      ids.append($0.text)
    }
    return (ids, list)
  }

  @Test("are listed in pages of 60, each once")
  func pages() async throws {
    let aws = try ScriptedAWS([
      .json(#"{"UserPools":[{"Id":"eu-west-1_a","Name":"n"}],"NextToken":"t1"}"#),
      .json(#"{"UserPools":[],"NextToken":"t2"}"#),
      .json(#"{"UserPools":[{"Id":"eu-west-1_a"},{"Id":"eu-west-1_b"}]}"#),
    ])
    let (ids, list) = try await list(aws)
    #expect(ids == ["eu-west-1_a", "eu-west-1_b"])
    #expect(list == UserPoolList())
    #expect(
      aws.transport.bodies == [
        #"{"MaxResults":60}"#, #"{"MaxResults":60,"NextToken":"t1"}"#,
        #"{"MaxResults":60,"NextToken":"t2"}"#,
      ])
    #expect(
      aws.transport.requests.first?.headers.contains(
        Header("X-Amz-Target", "AWSCognitoIdentityProviderService.ListUserPools")) == true)
    #expect(aws.transport.requests.first?.url == "https://cognito-idp.eu-west-1.amazonaws.com/")
  }

  @Test("an entry without a valid id is counted and hides no other")
  func malformed() async throws {
    let aws = try ScriptedAWS([
      .json(
        #"{"UserPools":[{"Id":"nowhere"},{"Name":"n"},7,{"Id":5},{"Id":"eu-west-1_b"}]}"#)
    ])
    let (ids, list) = try await list(aws)
    #expect(ids == ["eu-west-1_b"])
    #expect(list.malformed == 4 && list.failure == nil)
  }

  @Test("what was listed before a failure is kept")
  func partial() async throws {
    let aws = try ScriptedAWS([
      .json(#"{"UserPools":[{"Id":"eu-west-1_a"}],"NextToken":"t1"}"#),
      .error("NotAuthorizedException"),
    ])
    let (ids, list) = try await list(aws)
    #expect(ids == ["eu-west-1_a"])
    #expect(list.failure?.kind == .accessDenied)
    #expect(list.failure?.message.contains("cognito-idp:ListUserPools") == true)
  }

  @Test(
    "a list that never ends, or is no list, is a failure",
    arguments: [#"{"UserPools":[],"NextToken":"t"}"#, "{}", #"{"UserPools":{}}"#, "[]"])
  func noList(body: String) async throws {
    let aws = try ScriptedAWS(transport: ScriptedTransport { _ in .json(body) })
    let (ids, list) = try await list(aws)
    #expect(ids.isEmpty && list.failure?.kind == .malformedAnswer)
  }

  private func domain(_ reply: ScriptedTransport.Reply) async throws -> Look<PoolDomain> {
    try await ScriptedAWS([reply]).client.customDomain(
      of: UserPoolID(parsing: pool), in: Example.region(), as: Example.identity)
  }

  @Test("a pool has a custom domain, a prefix domain or none")
  func domains() async throws {
    let custom = "{\"UserPool\":{\"Id\":\"\(pool)\",\"CustomDomain\":\"auth.example.com\"}}"
    #expect(try await domain(.json(custom)) == .seen(.custom(try Example.domain())))
    let prefix = "{\"UserPool\":{\"Id\":\"\(pool)\",\"Domain\":\"sign-in\"}}"
    #expect(try await domain(.json(prefix)) == .seen(.absent))
    #expect(try await domain(.json(#"{"UserPool":{"CustomDomain":null}}"#)) == .seen(.absent))
    #expect(try await domain(.json(#"{"UserPool":{"CustomDomain":""}}"#)) == .seen(.absent))
  }

  @Test("a pool that was deleted meanwhile has no domain")
  func deleted() async throws {
    #expect(try await domain(.error("ResourceNotFoundException")) == .seen(.absent))
  }

  @Test(
    "an answer that cannot be understood is no answer",
    arguments: [
      "{}", #"{"UserPool":[]}"#, #"{"UserPool":{"CustomDomain":7}}"#,
      #"{"UserPool":{"Id":"eu-west-1_other","CustomDomain":"auth.example.com"}}"#,
      #"{"UserPool":{"CustomDomain":"no dot"}}"#,
    ])
  func wrong(body: String) async throws {
    #expect(try await domain(.json(body)).failure?.kind == .malformedAnswer)
  }
}
