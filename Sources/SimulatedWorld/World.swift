import AWSWire
import EdgeProbe
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import StateStore
import VirtualTime

/// A whole daemon in a simulated world: the real loop, wire layer and state file under virtual
/// time, a simulated AWS below the transport seam, and everything that goes wrong drawn from one
/// seed. All of it runs on one thread, and its tasks interleave by the seed.
package final class World: Sendable {
  let script: WorldScript
  let executor: VirtualExecutor
  let machine: WorldMachine
  let aws: FakeAWS
  let checkers: Checkers
  let report: WorldReport
  let mint: CertificateMint
  let directory: String
  let sabotage: Sabotage?
  let state: Guarded<State>

  /// What the script has done to the world so far.
  struct State {
    var serial: UInt64 = 100
    var dice: WorldDice
    var edges: [String: EdgeState] = [:]
    /// Certificates with which edges refuse the handshake.
    var refusedCertificates: Set<String> = []
    var hangingDescriptions: Set<String> = []
    var hangingAccounts: Set<Int> = []
    /// Domains at which a person attached a certificate by hand.
    var meddled: Set<String> = []
    /// What differs from the configuration of the script.
    var orders: [Int: ConfigurationOrder] = [:]
    var waves: [Int]?
  }

  enum EdgeState { case reachable, unreachable, hanging }

  /// `directory` must exist and be the world's own; its state file is left there.
  package convenience init(
    seed: UInt64, directory: String, sabotage: Sabotage? = nil
  ) throws {
    try self.init(script: WorldScript(seed: seed), directory: directory, sabotage: sabotage)
  }

  init(script: WorldScript, directory: String, sabotage: Sabotage? = nil) throws {
    self.script = script
    self.directory = directory
    self.sabotage = sabotage
    executor = VirtualExecutor(seed: script.seed)
    machine = WorldMachine(executor: executor, start: WorldScript.start)
    aws = FakeAWS(seed: script.seed)
    aws.withCloud { $0.options.inUseLag = script.inUseLag }
    checkers = Checkers(
      aws: aws, machine: machine, script: script, violations: Violations(machine: machine))
    report = WorldReport(machine: machine, checkers: checkers, sabotage: sabotage)
    mint = try CertificateMint(
      notBefore: WorldScript.start - .days(2000), notAfter: WorldScript.start + .days(4000))
    state = Guarded(State(dice: WorldDice(seed: script.seed ^ 0xd1ce)))
    try WorldFiles.write(mint.rootPEM, to: caFile)
    try WorldFiles.write(credentialsFile, to: credentialsPath)
    try populate()
  }

  var caFile: String { directory + "/root.pem" }
  var credentialsPath: String { directory + "/credentials" }
  var stateFile: String { directory + "/state.sqlite" }
  var violations: Violations { checkers.violations }

  package struct Outcome: Sendable {
    package let seed: UInt64
    package let violations: [String]
    /// One line an event, in order: the same for the same seed.
    package let history: [String]
    package let starts: Int
    package let powerCuts: Int
    package let attachments: Int
    package let requests: Int
    /// Jobs that the executor ran.
    package let jobs: Int
    /// The longest delay of a healthy account's poll or recheck.
    package let longestDelay: Duration
    /// Certificates that were said to be released.
    package let releases: Int
  }

  package func run() async -> Outcome {
    var starts = 0
    do {
      starts = try await executor.run { [self] in
        await withTaskGroup(of: Int.self) { group in
          group.addTask { await self.play() }
          group.addTask { await self.keepDaemonRunning() }
          return await group.reduce(0, +)
        }
      }
    } catch {
      violations.record("the world came to a halt: \(error)")
    }
    violations.require(
      executor.strayJobs == 0, "\(executor.strayJobs) jobs came from outside of the executor")
    return Outcome(
      seed: script.seed, violations: violations.all, history: report.history, starts: starts,
      powerCuts: machine.cuts, attachments: aws.withCloud { $0.attachments.count },
      requests: aws.withCloud { $0.calls.count }, jobs: executor.jobsRun,
      longestDelay: checkers.isolation.worst, releases: checkers.releases.count)
  }

  /// A start a minute, for the length of the simulation.
  private static let maximumStarts = 5000
  /// What a machine needs to start again.
  private static let bootTime = Duration.minutes(1)

  /// The daemon, life after life, until the simulation is over; how many lives.
  private func keepDaemonRunning() async -> Int {
    var starts = 0
    while !machine.isOver {
      starts += 1
      if starts > World.maximumStarts {
        violations.record("the daemon was started \(starts) times")
        break
      }
      machine.restorePower()
      await live(starts)
      if !machine.isOn { report.note("--- the power is back") }
      await machine.sleep(for: World.bootTime)
    }
    machine.restorePower()
    await checkSettled()
    return starts
  }

  /// One life of the daemon: until the power goes, the time is over, or it gives up.
  private func live(_ number: Int) async {
    let clock = machine.makeClock(seed: script.seed ^ UInt64(number) &* 0x5eed)
    let fleet = fleet
    do {
      let store = try StateStore.open(path: stateFile, mode: .daemon)
      let ports = try ports(store, clock)
      let ledger = Ledger(ports: ports, fleet: known(fleet))
      machine.run(WorldMachine.Process(number: number, clock: clock, ledger: ledger))
      checkers.started(with: fleet)
      let ending = await Dispatcher(ledger: ledger, ports: ports, mode: .service).run()
      machine.run(nil)
      switch ending {
      case .stopped, .needsPerson: break
      case .failed, .stateFailed:
        if machine.isOn { violations.record("the daemon gave up: \(ending)") }
      }
      try store.close()
    } catch {
      violations.record("the daemon could not start: \(error)")
    }
  }

  private func ports(_ store: StateStore, _ clock: VirtualClock) throws -> Ports {
    let client = AWSClient(
      transport: WorldTransport(world: self),
      credentials: CredentialCache(
        environment: [
          "AWS_SHARED_CREDENTIALS_FILE": credentialsPath,
          "AWS_CONFIG_FILE": directory + "/none", "AWS_EC2_METADATA_DISABLED": "true",
        ]),
      endpoints: try Endpoints(), clock: RequestClock(clock: clock), uptime: { clock.uptime },
      answered: { _ in })
    let domains: any DomainPort =
      sabotage == nil ? client : SabotagedDomains(inner: client, world: self)
    return Ports(
      certificates: client, domains: domains, credentials: client,
      edges: WorldEdges(world: self, judge: OpenSSLEdgeProbe()),
      state: WorldStore(world: self, store: store),
      clock: ProcessClock(clock: clock, world: self), report: report)
  }

  // MARK: What the daemon's ports ask

  /// A number below `bound`, drawn from the seed.
  func draw(_ bound: Int) -> Int { state.withLock { $0.dice.below(bound) } }

  func chance(_ count: Int) -> Bool { draw(count) == 0 }

  /// How long a request or its answer travels: a few milliseconds, sometimes close to a second.
  func latency() -> Duration {
    .milliseconds(chance(64) ? 100 + draw(800) : 2 + draw(30))
  }

  func writeLatency() -> Duration { .milliseconds(1 + draw(chance(50) ? 300 : 8)) }

  func edges(of domain: String) -> EdgeState { state.withLock { $0.edges[domain] ?? .reachable } }

  func hangs(_ call: WorldCall) -> Bool {
    state.withLock { state in
      state.hangingAccounts.contains(call.account)
        || (call.isDescription && state.hangingDescriptions.contains(call.domain))
    }
  }
}
