import LosslessJSON
import Reconciliation
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Cognito's domains")
struct DomainCallTests {
  private let arn = "arn:aws:acm:us-east-1:123456789012:certificate/1"

  private func look(_ body: String) async throws -> DomainLook {
    try await ScriptedAWS([.json(body)]).client.describeDomain(
      try Example.domain(), in: try Example.region(), as: Example.identity)
  }

  private func described(_ members: String) async throws -> DomainLook {
    try await look("{\"DomainDescription\":{\(members)}}")
  }

  @Test("Every setting of a description that an update accepts is kept unchanged")
  func described() async throws {
    let look = try await described(
      """
      "UserPoolId":"eu-west-1_Ab12Cd34E","AWSAccountId":"123456789012",
      "Domain":"auth.example.com","S3Bucket":"b","Version":"2026","Status":"UPDATING",
      "CustomDomainConfig":{"Future":{"z":1.0,"a":[12345678901234567890,null]},
      "CertificateArn":"\(arn)","SecurityPolicy":"TLS_V1_2_2021","Nothing":null},
      "ManagedLoginVersion":2,"Routing":{"Failover":{"SecondaryRegion":"us-west-2"}},
      "CloudFrontDistribution":"D111.cloudfront.net"
      """)
    #expect(
      look
        == .described(
          DomainDescription(
            userPoolID: "eu-west-1_Ab12Cd34E", status: .updating,
            certificateARN: try Example.arn(), cloudFrontDomain: "d111.cloudfront.net",
            settings: EchoedSettings(
              customDomainConfig: [
                "Future": "{\"a\":[12345678901234567890,null],\"z\":1.0}",
                "SecurityPolicy": "\"TLS_V1_2_2021\"",
              ],
              topLevel: [
                "ManagedLoginVersion": "2",
                "Routing": "{\"Failover\":{\"SecondaryRegion\":\"us-west-2\"}}",
              ]))))
  }

  @Test(
    "An empty description means that AWS does not know the domain",
    arguments: [
      "{\"DomainDescription\":{}}", "{}", "{\"DomainDescription\":null}",
      "{\"DomainDescription\":{\"Domain\":null,\"Status\":null}}",
    ])
  func empty(body: String) async throws {
    #expect(try await look(body) == .empty)
  }

  @Test(
    "A description without a certificate is distinguished from an empty one",
    arguments: [
      "", ",\"CustomDomainConfig\":null", ",\"CustomDomainConfig\":{}",
      ",\"CustomDomainConfig\":{\"CertificateArn\":null}",
    ])
  func withoutCertificate(member: String) async throws {
    #expect(
      try await described("\"Status\":\"ACTIVE\"\(member)")
        == .withoutCertificate(
          DomainDescription(userPoolID: nil, status: .active, certificateARN: nil)))
  }

  @Test(
    "A contradictory description is a failure",
    arguments: [
      "\"Domain\":\"auth.example.com\"", "\"Status\":1", "\"Status\":null,\"Domain\":\"x\"",
      "\"Status\":\"ACTIVE\",\"Domain\":\"other.example.com\"",
      "\"Status\":\"ACTIVE\",\"Domain\":1", "\"Status\":\"ACTIVE\",\"UserPoolId\":1",
      "\"Status\":\"ACTIVE\",\"CustomDomainConfig\":[]",
      "\"Status\":\"ACTIVE\",\"CustomDomainConfig\":{\"CertificateArn\":\"arn:aws:iam::1:x\"}",
      "\"Status\":\"ACTIVE\",\"CustomDomainConfig\":{\"CertificateArn\":\"\"}",
      "\"Status\":\"ACTIVE\",\"CustomDomainConfig\":{\"CertificateArn\":1}",
    ])
  func malformed(members: String) async throws {
    guard case .unseen(let failure) = try await described(members) else {
      Issue.record("it was taken for a description")
      return
    }
    #expect(failure.kind == .malformedAnswer)
    #expect(failure.object == "auth.example.com")
  }

  @Test(
    "An answer that is not a description is a failure",
    arguments: [
      "", "[]", "{\"DomainDescription\":[]}", "{\"DomainDescription\":\"\"}",
      "{\"DomainDescription\":{\"Status\":\"ACTIVE\"", "<html>", "null",
    ])
  func truncated(body: String) async throws {
    guard case .unseen(let failure) = try await look(body) else {
      Issue.record("it was taken for a description")
      return
    }
    #expect(failure.kind == .malformedAnswer)
  }

  @Test("An unknown status is kept as it is")
  func newStatus() async throws {
    guard case .withoutCertificate(let seen) = try await described("\"Status\":\"SLEEPING\"")
    else {
      Issue.record("it was not described")
      return
    }
    #expect(seen.status == .other("SLEEPING"))
  }

  @Test("An update sends every setting back unchanged, except the certificate")
  func update() async throws {
    let aws = try ScriptedAWS([.json("{\"CloudFrontDomain\":\"D111.cloudfront.net.\"}")])
    let settings = EchoedSettings(
      customDomainConfig: [
        "SecurityPolicy": "\"TLS_V1_2_2021\"",
        "Future": "{\"a\":[12345678901234567890,null,1.0],\"é\":\"\\u0001\"}",
      ], topLevel: ["ManagedLoginVersion": "2", "Routing": "{\"Failover\":{}}"])
    let outcome = await aws.client.updateDomain(try Example.update(settings: settings))
    #expect(
      outcome == .accepted(requestID: "r-1", cloudFrontDomain: "d111.cloudfront.net"))
    #expect(
      aws.transport.bodies == [
        """
        {"Domain":"auth.example.com","UserPoolId":"eu-west-1_Ab12Cd34E","CustomDomainConfig":\
        {"CertificateArn":"arn:aws:acm:us-east-1:123456789012:certificate/new",\
        "Future":{"a":[12345678901234567890,null,1.0],"é":"\\u0001"},\
        "SecurityPolicy":"TLS_V1_2_2021"},"ManagedLoginVersion":2,"Routing":{"Failover":{}}}
        """
      ])
    let request = try #require(aws.transport.requests.first)
    #expect(request.usesFreshConnection)
    #expect(
      request.headers.contains(
        Header("X-Amz-Target", "AWSCognitoIdentityProviderService.UpdateUserPoolDomain")))
  }

  @Test("The described JSON values are sent back unchanged")
  func roundTrip() async throws {
    let config = "{\"CertificateArn\":\"\(arn)\",\"N\":[1.0,-0,1e400,12345678901234567890]}"
    guard
      case .described(let seen) = try await described(
        "\"Status\":\"ACTIVE\",\"CustomDomainConfig\":\(config),\"ManagedLoginVersion\":1.0")
    else {
      Issue.record("it was not described")
      return
    }
    let aws = try ScriptedAWS([.json("{}")])
    _ = await aws.client.updateDomain(try Example.update(settings: seen.settings))
    let sent = try #require(aws.transport.bodies.first)
    #expect(
      sent.contains(",\"N\":[1.0,-0,1e400,12345678901234567890]},\"ManagedLoginVersion\":1.0}"))
  }

  @Test(
    "An update is sent once, whatever the answer is",
    arguments: [
      (.error("TooManyRequestsException"), .throttled),
      (.error("InternalErrorException", status: 500), .server),
      (.json("<html>", status: 503), .server), (.json("<html>"), .malformedAnswer),
      (.json("{"), .malformedAnswer), (.failure(.notSent("n")), .unreachable),
      (.failure(.answerLost("l")), .answerLost),
      (.failure(.timedOut("t", sent: true)), .answerLost),
      (.failure(.timedOut("t", sent: false)), .unreachable),
      (.failure(.tooLarge(limit: 1)), .malformedAnswer),
      (.error("ConcurrentModificationException"), .conflict),
      (.error("ExpiredTokenException"), .credentials),
      (
        .error(
          "NotAuthorizedException",
          "arn:aws:iam::1:user/x is not authorized to perform: cloudfront:updateDistribution"),
        .accessDenied
      ),
    ] as [(ScriptedTransport.Reply, Failure.Kind)])
  func once(reply: ScriptedTransport.Reply, expected: Failure.Kind) async throws {
    let aws = try ScriptedAWS([reply, .json("{}")])
    guard case .failed(let failure) = await aws.client.updateDomain(try Example.update()) else {
      Issue.record("it was accepted")
      return
    }
    #expect(failure.kind == expected)
    #expect(aws.transport.requests.count == 1)
    #expect(aws.clock.sleeps.isEmpty)
    if expected == .accessDenied {
      #expect(failure.message.contains("cloudfront:updateDistribution"))
    }
  }

  @Test("An update that was refused because of the clock is signed again once")
  func clockSkew() async throws {
    let skewed = ScriptedTransport.Reply.error(
      "InvalidSignatureException", "expired", status: 403,
      [Header("Date", "Mon, 23 Nov 2026 23:36:51 GMT")])
    let aws = try ScriptedAWS([skewed, .json("{}")])
    #expect(await aws.client.updateDomain(try Example.update()) == .accepted(requestID: "r-1"))
    #expect(aws.transport.requests.map(\.usesFreshConnection) == [true, true])
    let twice = try ScriptedAWS([skewed, skewed, .json("{}")])
    guard case .failed(let failure) = await twice.client.updateDomain(try Example.update()) else {
      Issue.record("a third request was sent")
      return
    }
    #expect(failure.kind == .credentials)
    #expect(twice.transport.requests.count == 2)
  }

  @Test("Settings that are not JSON, or that name a reserved member, are never sent")
  func unusable() async throws {
    for settings in [
      EchoedSettings(customDomainConfig: ["A": "{"]), EchoedSettings(topLevel: ["A": ""]),
      EchoedSettings(customDomainConfig: ["CertificateArn": "\"x\""]),
      EchoedSettings(topLevel: ["Domain": "\"x\""]), EchoedSettings(topLevel: ["UserPoolId": "1"]),
    ] {
      let aws = try ScriptedAWS([.json("{}")])
      guard case .failed = await aws.client.updateDomain(try Example.update(settings: settings))
      else {
        Issue.record("\(settings) was sent")
        continue
      }
      #expect(aws.transport.requests.isEmpty)
    }
  }
}
