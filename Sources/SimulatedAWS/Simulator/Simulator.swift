import Glibc
package import LosslessJSON
import POSIX
import RolloutCore
import Transport

/// The simulated AWS with its ports: an HTTP port for AWS requests and commands, and a TLS port for
/// every edge.
package final class Simulator: Sendable {
  package let aws: FakeAWS
  /// A PEM file with the root that clients must trust.
  package let caFile: String
  package let domains: [Domain]

  let accounts: [Scenario.Account]
  private let server: SimulatorHTTPServer
  private let driver: EdgeDriver

  package struct Domain: Sendable {
    package let name: String
    package let userPoolID: String
    package let region: String
    package let account: String
    let edges: [TLSEdgeServer]

    package var addresses: [String] { edges.map { "\($0.address):\($0.port)" } }
  }

  /// Creates the scenario and begins to answer. The roots are written into `directory`, which must
  /// exist.
  package init(_ scenario: Scenario, directory: String) throws(SimulationProblem) {
    let now = SimulatorClock.now
    let aws = FakeAWS(seed: scenario.seed, options: scenario.options)
    let simulatorState = Guarded(try SimulatorState(scenario, at: now))
    self.aws = aws
    accounts = scenario.accounts
    caFile = directory + "/root.pem"
    try SimulatorFile.write(simulatorState.withLock { $0.mint.rootPEM }, to: caFile, mode: 0o644)
    domains = try simulatorState.withLock { (simulatorState) throws(SimulationProblem) in
      try simulatorState.populate(aws, with: scenario, at: now)
    }
    driver = EdgeDriver(aws: aws, simulatorState: simulatorState, domains: domains)
    let control = SimulatorControl(
      aws: aws, simulatorState: simulatorState, domains: domains, driver: driver)
    server = try SimulatorHTTPServer(port: scenario.port) { request in
      Simulator.answer(request, aws: aws, simulatorState: simulatorState, control: control)
    }
    try driver.start()
  }

  deinit { stop() }

  /// Ends every thread and closes every port. It may be called any number of times.
  package func stop() {
    driver.stop()
    server.stop()
    for domain in domains {
      for edge in domain.edges { edge.stop() }
    }
  }

  package var endpoint: String { "http://127.0.0.1:\(server.port)" }

  /// The line that the program prints when it is ready, with the endpoints and the keys.
  package var readyLine: JSONValue {
    let now = SimulatorClock.now
    let entries = domains.map { domain in
      let arn = aws.withCloud { $0.domains[domain.name]?.shownARN(at: now) ?? "" }
      return JSONValue.object([
        .init("domain", .string(domain.name)), .init("user_pool_id", .string(domain.userPoolID)),
        .init("region", .string(domain.region)), .init("account", .string(domain.account)),
        .init("edges", .array(domain.addresses.map(JSONValue.string))),
        .init("certificate_arn", .string(arn)),
      ])
    }
    var members: [JSONValue.Member] = [
      .init("endpoint", .string(endpoint)), .init("ca_file", .string(caFile)),
    ]
    if let account = accounts.first {
      members.append(.init("access_key_id", .string(account.accessKeyID)))
      members.append(.init("secret_access_key", .string(account.secret.text)))
      if let token = account.sessionToken {
        members.append(.init("session_token", .string(token.text)))
      }
    }
    return .object(members + [.init("domains", .array(entries))])
  }

  private static func answer(
    _ request: HTTPRequest, aws: FakeAWS, simulatorState: Guarded<SimulatorState>,
    control: SimulatorControl
  ) -> SimulatorHTTPServer.Answer {
    let path = CanonicalRequest.Location(request).path
    if path.hasPrefix(SimulatorControl.prefix) {
      return SimulatorHTTPServer.Answer(.whole(control.answer(request, path: path)))
    }
    let (latency, releases, isDelayed) = simulatorState.withLock { state in
      (state.latency, state.releases, state.delays.contains { $0.concerns(request) })
    }
    let kind: SimulatorHTTPServer.Answer.Kind
    switch aws.exchange(request, at: SimulatorClock.now) {
    case .answered(let response): kind = .whole(response)
    case .cutShort(let response): kind = .half(response)
    case .lost(.unreachable, _), .lost(.request, _), .lost(.answer, _): kind = .nothing
    case .lost(.hang, _): kind = .silence
    }
    return SimulatorHTTPServer.Answer(kind, after: latency) {
      !isDelayed || simulatorState.withLock { $0.releases > releases }
    }
  }
}

extension Simulator {
  /// Calls `body` on its own thread when standard input closes.
  package func whenStandardInputCloses(
    _ body: @escaping @Sendable () -> Void
  ) throws(SimulationProblem) {
    do throws(SystemError) {
      try startThread {
        var chunk = [UInt8](repeating: 0, count: 4096)
        while true {
          let count = read(0, &chunk, chunk.count)
          if count == 0 || (count < 0 && errno != EINTR) { break }
        }
        body()
      }
    } catch {
      throw SimulationProblem("cannot watch standard input: no thread could be started: \(error)")
    }
  }
}
