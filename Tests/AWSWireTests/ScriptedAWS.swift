import LosslessJSON
import POSIX
import RolloutCore
import Transport

@testable import AWSWire

/// Answers requests from a script, in order, and records the requests.
final class ScriptedTransport: HTTPTransport {
  typealias Reply = Result<HTTPResponse, TransportError>

  private let reply: @Sendable (_ request: HTTPRequest, _ index: Int) -> Reply?
  fileprivate let received = Guarded<[HTTPRequest]>([])

  /// - Parameter reply: the reply to the request with that index; nil at the end of the script.
  init(_ reply: @escaping @Sendable (_ index: Int) -> Reply?) { self.reply = { reply($1) } }

  /// - Parameter reply: the reply to a request, of which there were `index` before; nil at the end of
  ///   the script.
  init(answering reply: @escaping @Sendable (_ request: HTTPRequest, _ index: Int) -> Reply?) {
    self.reply = reply
  }

  convenience init(_ replies: [Reply]) {
    self.init { index in replies.indices.contains(index) ? replies[index] : nil }
  }

  var requests: [HTTPRequest] { received.withLock { $0 } }
  var bodies: [String] { requests.map { String(decoding: $0.body, as: UTF8.self) } }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let index = received.withLock { received in
      received.append(request)
      return received.count - 1
    }
    guard let reply = reply(request, index) else { throw .notSent("the script has ended") }
    return try reply.get()
  }
}

extension Result where Success == HTTPResponse, Failure == TransportError {
  static func json(
    _ body: String, status: Int = 200, _ headers: [Header] = []
  ) -> ScriptedTransport.Reply {
    let common = [
      Header("Content-Type", "application/x-amz-json-1.1"), Header("x-amzn-RequestId", "r-1"),
    ]
    return .success(
      HTTPResponse(status: status, headers: headers + common, body: Array(body.utf8)))
  }

  static func error(
    _ code: String, _ message: String = "m", status: Int = 400, _ headers: [Header] = []
  ) -> ScriptedTransport.Reply {
    let body: JSONValue = ["__type": .string(code), "message": .string(message)]
    return json(body.encoded, status: status, headers)
  }
}

/// A clock whose sleep advances the time and returns at once.
final class ScriptedClock: WireClock {
  private struct State {
    var now: Instant
    var uptime = Duration.zero
    var sleeps: [Duration] = []
    var noted: [Instant] = []
  }

  private let state: Guarded<State>
  private let bits: UInt64

  /// `fraction` is the part of each delay that the random numbers give.
  init(at now: Instant = ScriptedClock.start, fraction: Double = 0.5) {
    state = Guarded(State(now: now))
    bits = UInt64(fraction * Double(UInt64(1) << 53)) << 11
  }

  static let start = Instant(year: 2026, month: 11, day: 23, hour: 21, minute: 36, second: 51)

  var now: Instant { state.withLock { $0.now } }
  /// An answer tells AWS's clock, which shows what this one does.
  var awsNow: Instant? { state.withLock { $0.noted.isEmpty ? nil : $0.now } }
  var uptime: Duration { state.withLock { $0.uptime } }
  var sleeps: [Duration] { state.withLock { $0.sleeps } }

  func note(_ date: Instant, from host: String) {
    state.withLock { $0.noted.append(date) }
  }

  /// The dates of answers.
  var noted: [Instant] { state.withLock { $0.noted } }

  func random() -> UInt64 { bits }

  func sleep(for duration: Duration) async {
    pass(duration)
    state.withLock { $0.sleeps.append(duration) }
  }

  /// Lets time pass.
  func pass(_ duration: Duration) {
    state.withLock { state in
      state.now = state.now + duration
      state.uptime += duration
    }
  }
}

/// A client with its transport, credentials and clock.
struct ScriptedAWS {
  static let secrets = [
    "AKIAVISIBLEVISIBLE00", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYVISIBLEKEY", "visible-session-token",
  ]
  static let environment = [
    "AWS_ACCESS_KEY_ID": secrets[0], "AWS_SECRET_ACCESS_KEY": secrets[1],
    "AWS_SESSION_TOKEN": secrets[2],
  ]

  let transport: ScriptedTransport
  let clock: ScriptedClock
  let client: AWSClient
  private let answers = Guarded<[RequestResult?]>([])

  /// What the client called `answered` with.
  var results: [RequestResult] { answers.withLock { $0 }.compactMap { $0 } }
  /// How often it did.
  var signsOfLife: Int { answers.withLock { $0 }.count }

  init(
    _ replies: [ScriptedTransport.Reply], clock: ScriptedClock = ScriptedClock(),
    environment: [String: String] = ScriptedAWS.environment
  ) throws {
    try self.init(
      transport: ScriptedTransport(replies), clock: clock, environment: environment)
  }

  /// - Parameter requestTime: how long each request takes by the clock of the lists.
  init(
    transport: ScriptedTransport, requestTime: Duration = .zero,
    clock: ScriptedClock = ScriptedClock(),
    environment: [String: String] = ScriptedAWS.environment
  ) throws {
    self.transport = transport
    self.clock = clock
    client = AWSClient(
      transport: transport,
      credentials: CredentialCache(environment: environment),
      endpoints: try Endpoints(environment: environment), clock: clock,
      userAgent: "cognito-certd/test",
      uptime: { transport.received.withLock { requestTime * $0.count } },
      answered: { [answers] result in answers.withLock { $0.append(result) } })
  }
}

enum Example {
  static let identity = Identity()

  static func arn(_ id: String = "1") throws -> CertificateARN {
    try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/\(id)")
  }

  static func domain() throws -> DomainName { try DomainName(parsing: "auth.example.com") }
  static func region() throws -> Region { try Region(parsing: "eu-west-1") }

  static func update(settings: EchoedSettings = EchoedSettings()) throws -> DomainUpdate {
    DomainUpdate(
      domain: try domain(), userPoolID: try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"),
      region: try region(), identity: identity, certificate: try arn("new"), settings: settings)
  }
}
