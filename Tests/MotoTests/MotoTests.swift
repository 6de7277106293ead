import Foundation
import RolloutCore
import TestSupport
import Testing
import Transport

@testable import AWSWire

/// The wire format of STS and of the instance metadata, against an implementation by others.
@Suite("Credentials against moto", .serialized, .timeLimit(.minutes(5)))
struct MotoTests {
  private let server: MotoServer
  private let directory: TemporaryDirectory
  private let transport = CurlTransport()

  init() async throws {
    server = try await MotoServer()
    directory = try TemporaryDirectory()
  }

  private static func role(_ name: String, _ account: String = "210987654321") -> String {
    "arn:aws:iam::\(account):role/\(name)"
  }

  private func client(_ variables: [String: String]) throws -> AWSClient {
    let environment = ["AWS_ENDPOINT_URL": server.url, "AWS_CONFIG_FILE": directory["config"]]
      .merging(variables) { $1 }
    return AWSClient(
      transport: transport, credentials: CredentialCache(environment: environment),
      endpoints: try Endpoints(environment: environment), clock: RealClock(), uptime: { .zero },
      answered: { _ in })
  }

  private func write(_ config: String) throws {
    try Data(config.utf8).write(to: URL(filePath: directory["config"]))
  }

  private func caller(_ client: AWSClient, _ identity: Identity) async throws -> CallerIdentity {
    switch await client.callerIdentity(as: identity) {
    case .seen(let caller): return caller
    case .unseen(let failure): throw failure
    }
  }

  private let keys = [
    "AWS_ACCESS_KEY_ID": "AKIAIOSFODNN7EXAMPLE", "AWS_SECRET_ACCESS_KEY": "secret",
  ]

  @Test("A role of another account is assumed with an external id, and its keys are its own")
  func ofMapping() async throws {
    let client = try client(keys)
    let identity = Identity(
      roleARN: Self.role("rotator"), externalID: "ext/1:2", roleSessionName: "night@example")
    let caller = try await caller(client, identity)
    #expect(caller.account == "210987654321")
    #expect(caller.arn == "arn:aws:sts::210987654321:assumed-role/rotator/night@example")
    #expect(await client.listCertificates(as: identity) == .seen([]))
  }

  @Test("Roles of two accounts are assumed through a chain of profiles")
  func chain() async throws {
    try write(
      """
      [profile far]
      role_arn = \(Self.role("far", "333333333333"))
      source_profile = near
      external_id = ext-1
      duration_seconds = 900
      [profile near]
      role_arn = \(Self.role("near", "222222222222"))
      source_profile = own
      [profile own]
      aws_access_key_id = AKIAIOSFODNN7EXAMPLE
      aws_secret_access_key = secret
      """)
    let client = try client([:])
    let far = try await caller(client, Identity(profile: "far"))
    #expect(far.arn == "arn:aws:sts::333333333333:assumed-role/far/cognito-certd")
    let near = try await caller(client, Identity(profile: "near"))
    #expect(near.account == "222222222222")
    let mapped = try await caller(
      client, Identity(profile: "far", roleARN: Self.role("third", "444444444444")))
    #expect(mapped.account == "444444444444")
  }

  @Test("A web identity's role is assumed without keys")
  func webIdentity() async throws {
    try Data("eyJhbGciOiJub25lIn0.eyJzdWIiOiJwb2QifQ.".utf8)
      .write(to: URL(filePath: directory["token"]))
    let client = try client([
      "AWS_WEB_IDENTITY_TOKEN_FILE": directory["token"], "AWS_ROLE_ARN": Self.role("pod"),
    ])
    let caller = try await caller(client, Identity())
    #expect(caller.arn.hasPrefix("arn:aws:sts::210987654321:assumed-role/pod/"))
  }

  @Test("The instance metadata gives keys, with which a role is assumed")
  func instance() async throws {
    let client = try client(["AWS_EC2_METADATA_SERVICE_ENDPOINT": server.url])
    _ = try await caller(client, Identity())
    let assumed = try await caller(client, Identity(roleARN: Self.role("from-ec2")))
    #expect(assumed.arn == "arn:aws:sts::210987654321:assumed-role/from-ec2/cognito-certd")
  }

  /// The real time: moto signs and dates nothing that could be compared.
  private struct RealClock: WireClock {
    var now: Instant { Instant(milliseconds: Int64(Date().timeIntervalSince1970 * 1000)) }
    var awsNow: Instant? { now }
    var uptime: Duration { .zero }
    func note(_ date: Instant, from host: String) {}
    func random() -> UInt64 { 0 }
    func sleep(for duration: Duration) async {}
  }
}
