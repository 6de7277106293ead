import POSIX
import RolloutCore
import TestSupport
import Testing
import Transport

@testable import AWSWire

@Suite("When keys are replaced", .timeLimit(.minutes(2)))
struct CredentialRefreshTests {
  private static let environment = [
    "AWS_ACCESS_KEY_ID": "env-key", "AWS_SECRET_ACCESS_KEY": "env-secret",
    "AWS_EC2_METADATA_DISABLED": "true",
  ]

  private func identity(_ name: String = "r") -> Identity {
    Identity(roleARN: "arn:aws:iam::123456789012:role/\(name)")
  }

  /// STS, whose keys are numbered and last an hour, and which can be out of order.
  private final class Roles: Sendable {
    let clock: ScriptedClock
    let isFailing = Guarded(false)
    let lifetime: Duration

    init(lifetime: Duration = .hours(1), fraction: Double = 0.5) {
      self.lifetime = lifetime
      clock = ScriptedClock(fraction: fraction)
    }

    func stage(
      _ environment: [String: String] = CredentialRefreshTests.environment
    ) -> CredentialStage {
      CredentialStage(environment: environment, clock: clock) { [self] _, index in
        isFailing.withLock { $0 }
          ? STSAnswer.error("AccessDenied")
          : STSAnswer.keys("k\(index)", until: clock.now + lifetime)
      }
    }
  }

  @Test(
    "Keys are used until a drawn time from 15 to 10 minutes before their end", arguments: [0, 0.5])
  func early(fraction: Double) async throws {
    let roles = Roles(fraction: fraction)
    let stage = roles.stage()
    let lead = Duration.minutes(10) + .minutes(5) * fraction
    #expect(try await stage.keys(identity()).accessKeyID.revealed == "k0-key")
    roles.clock.pass(.hours(1) - lead - .milliseconds(1))
    #expect(try await stage.keys(identity()).accessKeyID.revealed == "k0-key")
    roles.clock.pass(.milliseconds(1))
    #expect(try await stage.keys(identity()).accessKeyID.revealed == "k1-key")
  }

  @Test("The times are drawn for each role, so that 250 are not replaced together")
  func jitter() {
    let now = ScriptedClock.start
    var random = SeededGenerator(seed: 7)
    let times = (0..<250).map { _ in
      KeyLifetime(
        from: now, to: now + .hours(1), fraction: Double.random(in: 0...1, using: &random)
      ).early.since(now)
    }
    #expect(times.allSatisfy { (.minutes(45))...(.minutes(50)) ~= $0 })
    #expect(Set(times.map { $0.components.seconds }).count > 100)
  }

  @Test(
    "Keys with less time left are replaced later, in proportion",
    arguments: [
      (3600, 900, 300), (1800, 900, 300), (900, 450, 150), (60, 30, 10), (0, 0, 0), (-5, 0, 0),
      (43_200, 900, 300),
    ])
  func scaled(seconds: Int64, early: Int64, late: Int64) {
    let now = ScriptedClock.start
    let end = now + .seconds(seconds)
    let lifetime = KeyLifetime(from: now, to: end, fraction: 1)
    #expect(end.since(lifetime.early) == .seconds(early))
    #expect(end.since(lifetime.late) == .seconds(late))
    #expect(lifetime.phase(at: end) == .ended)
    if early > 0 {
      #expect(lifetime.phase(at: lifetime.early - .milliseconds(1)) == .fresh)
      #expect(lifetime.phase(at: lifetime.early) == .early)
      #expect(lifetime.phase(at: lifetime.late - .milliseconds(1)) == .early)
      #expect(lifetime.phase(at: lifetime.late) == .late)
      #expect(lifetime.phase(at: end - .milliseconds(1)) == .late)
    }
  }

  @Test(
    "A failed refresh is no error while the old keys are valid, and is tried again after a pause")
  func failing() async throws {
    let roles = Roles()
    let stage = roles.stage()
    #expect(await stage.found(identity()) == "k0-key k0-secret k0-token")
    roles.isFailing.withLock { $0 = true }
    // Within the early time, within the last five minutes, and until the last moment.
    for (pass, requests) in [
      (Duration.minutes(50), 2), (.seconds(29), 2), (.seconds(1), 3), (.minutes(6), 4),
      (.minutes(3), 5), (.seconds(29), 5),
    ] {
      roles.clock.pass(pass)
      #expect(await stage.found(identity()) == "k0-key k0-secret k0-token")
      #expect(stage.transport.requests.count == requests)
    }
    roles.clock.pass(.minutes(1))
    #expect(await stage.found(identity()).hasPrefix("sts:AssumeRole of"))
    #expect(await stage.found(identity()).hasPrefix("sts:AssumeRole of"))
    #expect(stage.transport.requests.count == 7)
    roles.isFailing.withLock { $0 = false }
    #expect(await stage.found(identity()) == "k7-key k7-secret k7-token")
  }

  @Test("What 250 roles are assumed with is obtained once")
  func sharedSource() async throws {
    let source = "http://localhost/keys"
    let stage = CredentialStage(environment: ["AWS_CONTAINER_CREDENTIALS_FULL_URI": source]) {
      request, _ in
      request.url == source
        ? .json(#"{"AccessKeyId":"base","SecretAccessKey":"s","Token":"t"}"#)
        : STSAnswer.keys("r", until: ScriptedClock.start + .hours(1))
    }
    await withTaskGroup { group in
      for number in 0..<250 {
        group.addTask { await stage.found(identity("r\(number)")) }
      }
      for await found in group { #expect(found == "r-key r-secret r-token") }
    }
    #expect(stage.transport.requests.count { $0.url == source } == 1)
    #expect(stage.transport.requests.count { $0.signer == "base" } == 250)
  }

  @Test("Drops every key when asked, also one that is being obtained")
  func dropped() async throws {
    let roles = Roles()
    let stage = roles.stage()
    #expect(await stage.found(identity()) == "k0-key k0-secret k0-token")
    stage.cache.refresh()
    #expect(await stage.found(identity()) == "k1-key k1-secret k1-token")
    let transport = GatedTransport { STSAnswer.keys("g\($0)", until: roles.clock.now + .hours(1)) }
    let environment = Self.environment
    let cache = CredentialCache(environment: environment)
    let client = CredentialStage.client(transport, cache, roles.clock, environment)
    async let old = cache.credentials(for: identity(), over: client)
    try await transport.waits(for: 1)
    cache.refresh()
    transport.open()
    #expect(try await old.accessKeyID.revealed == "g0-key")
    #expect(
      try await cache.credentials(for: identity(), over: client).accessKeyID.revealed == "g1-key")
  }

  @Test("Concurrent requests share one refresh, and its failure")
  func shared() async throws {
    for isRefused in [false, true] {
      let transport = GatedTransport { _ in
        isRefused
          ? STSAnswer.error("AccessDenied")
          : STSAnswer.keys("k", until: ScriptedClock.start + .hours(1))
      }
      let cache = CredentialCache(environment: Self.environment)
      let client = CredentialStage.client(transport, cache, ScriptedClock(), Self.environment)
      let identity = identity()
      let tasks = (0..<20).map { _ in
        Task { try? await cache.credentials(for: identity, over: client).accessKeyID.revealed }
      }
      try await transport.waits(for: 1)
      // The others wait in the cache by now, or come when the keys are there.
      try await Task.sleep(for: .milliseconds(100))
      #expect(transport.count == 1)
      transport.open()
      for task in tasks { #expect(await task.value == (isRefused ? nil : "k-key")) }
      if !isRefused { #expect(transport.count == 1) }
    }
  }

  @Test("A refresh that hangs blocks no other identity, and no request that has valid keys")
  func hanging() async throws {
    let clock = ScriptedClock()
    let transport = GatedTransport(holding: { $0.form["RoleArn"]?.hasSuffix("slow") == true }) {
      STSAnswer.keys("k\($0)", until: clock.now + .hours(1))
    }
    let environment = Self.environment
    let cache = CredentialCache(environment: environment)
    let client = CredentialStage.client(transport, cache, clock, environment)
    func key(_ name: String) async throws -> String {
      try await cache.credentials(for: identity(name), over: client).accessKeyID.revealed
    }
    async let slow = key("slow")
    try await transport.waits(for: 1)
    #expect(try await key("other") == "k1-key")
    transport.open()
    #expect(try await slow == "k0-key")
    transport.close()
    clock.pass(.minutes(50))
    async let refreshed = key("slow")
    try await transport.waits(for: 1)
    #expect(try await key("slow") == "k0-key")
    transport.open()
    #expect(try await refreshed == "k2-key")
    #expect(try await key("slow") == "k2-key")
  }

  @Test("A cancelled refresh ends at once, and another request obtains the keys")
  func cancelled() async throws {
    let transport = GatedTransport {
      STSAnswer.keys("k\($0)", until: ScriptedClock.start + .hours(1))
    }
    let environment = Self.environment
    let cache = CredentialCache(environment: environment)
    let client = CredentialStage.client(transport, cache, ScriptedClock(), environment)
    let identity = identity()
    @Sendable func kind() async -> Failure.Kind? {
      do throws(Failure) {
        _ = try await cache.credentials(for: identity, over: client)
        return nil
      } catch {
        return error.kind
      }
    }
    let first = Task { await kind() }
    try await transport.waits(for: 1)
    let waiting = Task { await kind() }
    let second = Task { await kind() }
    try await Task.sleep(for: .milliseconds(50))
    waiting.cancel()
    #expect(await waiting.value == .unreachable)
    first.cancel()
    #expect(await first.value == .unreachable)
    try await transport.waits(for: 1, of: 2)
    transport.open()
    #expect(await second.value == nil)
    #expect(transport.count == 2)
  }

  @Test("A wrong clock of this host expires nothing: AWS's clock decides")
  func awsClock() async throws {
    let clock = ShiftedClock(host: .days(400))
    let transport = ScriptedTransport { _ in
      STSAnswer.keys("k", until: ScriptedClock.start + .hours(1))
    }
    let cache = CredentialCache(environment: Self.environment)
    let client = CredentialStage.client(transport, cache, clock, Self.environment)
    for _ in 0..<3 {
      _ = try await cache.credentials(for: identity(), over: client)
    }
    #expect(transport.requests.count == 1)
  }

  /// A host whose clock is ahead of AWS's, which is known.
  private struct ShiftedClock: WireClock {
    let host: Duration
    var now: Instant { ScriptedClock.start + host }
    var awsNow: Instant? { ScriptedClock.start }
    var uptime: Duration { .zero }
    func note(_ date: Instant, from host: String) {}
    func random() -> UInt64 { 0 }
    func sleep(for duration: Duration) async {}
  }

  @Test("No secret of any step stays readable in a text")
  func secrets() async throws {
    let roles = Roles()
    let end = roles.clock.now + .hours(1)
    let stage = CredentialStage(environment: Self.environment, clock: roles.clock) { _, _ in
      STSAnswer.keys("secret-of-a-role", until: end)
    }
    _ = try await stage.keys(identity())
    let text = "secret-of-a-role-key secret-of-a-role-secret secret-of-a-role-token"
    #expect(SafeMessage.local(text, hiding: []) == "‹redacted› ‹redacted› ‹redacted›")
  }
}

/// Answers requests when it is open. A cancelled request ends.
final class GatedTransport: HTTPTransport {
  private struct State {
    var isOpen = false
    var count = 0
    var waiting: [Int: CheckedContinuation<Void, Never>] = [:]
  }

  private let state = Guarded(State())
  private let holds: @Sendable (HTTPRequest) -> Bool
  private let reply: @Sendable (_ index: Int) -> ScriptedTransport.Reply

  init(
    holding holds: @escaping @Sendable (HTTPRequest) -> Bool = { _ in true },
    _ reply: @escaping @Sendable (_ index: Int) -> ScriptedTransport.Reply
  ) {
    self.holds = holds
    self.reply = reply
  }

  /// The requests until now.
  var count: Int { state.withLock { $0.count } }

  func open() {
    let waiting = state.withLock { state in
      state.isOpen = true
      defer { state.waiting = [:] }
      return state.waiting.values
    }
    for continuation in waiting { continuation.resume() }
  }

  func close() { state.withLock { $0.isOpen = false } }

  /// Returns when so many requests wait, of so many in all.
  func waits(for number: Int, of count: Int = 0) async throws {
    _ = try await eventually("\(number) requests wait") {
      state.withLock { $0.waiting.count == number && $0.count >= count } ? true : nil
    }
  }

  func send(_ request: HTTPRequest) async throws(TransportError) -> HTTPResponse {
    let index = state.withLock { state in
      defer { state.count += 1 }
      return state.count
    }
    if holds(request) { await pass(index) }
    if Task.isCancelled { throw .answerLost("cancelled") }
    return try reply(index).get()
  }

  private func pass(_ index: Int) async {
    await withTaskCancellationHandler {
      await withCheckedContinuation { continuation in
        let passes = state.withLock { state in
          if state.isOpen || Task.isCancelled { return true }
          state.waiting[index] = continuation
          return false
        }
        if passes { continuation.resume() }
      }
    } onCancel: {
      state.withLock { $0.waiting.removeValue(forKey: index) }?.resume()
    }
  }
}
