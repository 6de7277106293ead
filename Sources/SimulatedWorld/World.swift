import AWSWire
import EdgeProbe
import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import StateStore

/// A whole daemon in a simulated world: the real loop, wire layer and state file under a
/// virtual clock, a simulated AWS below the transport seam, and everything that goes wrong
/// drawn from one seed.
package final class World: Sendable {
  let script: WorldScript
  let aws: FakeAWS
  let clock: VirtualClock
  let power: WorldPower
  let report: WorldReport
  let invariants: Invariants
  let mint: CertificateMint
  let directory: String
  let state: Guarded<Standing>

  /// What the script has done to the world so far.
  struct Standing {
    var serial: UInt64 = 100
    var diskIsFull = false
    var unreachable: Set<String> = []
    var meddled: Set<String> = []
    /// Holds that an operator asked for and the daemon has not taken up.
    var wishes: [Wish] = []
    var wishCount: Int64 = 0
    var isOver = false
  }

  struct Wish: Sendable {
    let id: Int64
    let domain: String
    let until: Instant
  }

  /// `directory` must exist and be the world's own; its state file is left there.
  package init(seed: UInt64, directory: String) throws {
    script = WorldScript(seed: seed)
    self.directory = directory
    clock = VirtualClock(start: WorldScript.start, seed: seed ^ 0x5eed)
    power = WorldPower(clock: clock)
    report = WorldReport(clock: clock, power: power)
    aws = FakeAWS(seed: seed)
    invariants = Invariants(aws: aws, clock: clock)
    mint = try CertificateMint(
      notBefore: WorldScript.start - .days(2000), notAfter: WorldScript.start + .days(4000))
    state = Guarded(Standing())
    try WorldFiles.write(mint.rootPEM, to: caFile)
    try WorldFiles.write(credentialsFile, to: credentialsPath)
    try populate()
    scheduleAll()
  }

  var caFile: String { directory + "/root.pem" }
  var credentialsPath: String { directory + "/credentials" }
  var stateFile: String { directory + "/state.sqlite" }

  package struct Outcome: Sendable {
    package let seed: UInt64
    package let violations: [String]
    /// One line an event, in order: the same for the same seed.
    package let history: [String]
    package let passes: Int
    package let powerCuts: Int
    package let attachments: Int
  }

  package func run() async -> Outcome {
    var starts = 0
    while !state.withLock({ $0.isOver }) {
      starts += 1
      if starts > World.maximumStarts {
        invariants.violate("the daemon was started \(starts) times")
        break
      }
      power.restore()
      await live()
      if !power.isOn { report.note("--- the power is back") }
      clock.advance(.minutes(1))
    }
    await checkSettled()
    return Outcome(
      seed: script.seed, violations: invariants.violations, history: report.history,
      passes: starts, powerCuts: power.cuts,
      attachments: aws.withCloud { $0.attachments.count })
  }

  /// A start a minute, for the length of the simulation.
  static let maximumStarts = 5000

  /// One life of the daemon: until the power goes, the time is over, or it gives up.
  private func live() async {
    do {
      let store = try StateStore.open(path: stateFile, mode: .daemon)
      let ports = try ports(store)
      let loop = ReconcilerLoop(
        reconciler: Reconciler(ports: ports, fleet: fleet), ports: ports, mode: .service)
      _ = await loop.run()
      try store.close()
    } catch {
      invariants.violate("the daemon could not start: \(error)")
    }
  }

  private func ports(_ store: StateStore) throws(MalformedEndpoint) -> Ports {
    let transport = WorldTransport(
      inner: FakeAWSTransport(
        aws, now: { [clock] in clock.trueTime }, elapse: { [clock] in clock.advance($0) }),
      aws: aws, clock: clock, power: power, invariants: invariants, store: store)
    let client = try client(transport)
    let edges = WorldEdges(
      aws: aws, clock: clock, judge: OpenSSLEdgeProbe(), caFile: caFile,
      isReachable: { [state] domain in
        state.withLock { !$0.unreachable.contains(domain.text) }
      })
    return Ports(
      certificates: client, domains: client, edges: edges,
      state: WorldState(
        store: store, power: power, isFull: { [state] in state.withLock { $0.diskIsFull } },
        wishes: { [self] in requests },
        granted: { [state] ids in
          state.withLock { $0.wishes.removeAll { ids.contains($0.id) } }
        }),
      clock: clock, report: report)
  }

  private var requests: [OperatorRequest] {
    let wishes = state.withLock { $0.wishes }
    return fleet.mappings.flatMap { mapping in
      wishes.filter { $0.domain == mapping.domain.text }.map {
        OperatorRequest(
          id: $0.id, domain: mapping.domain, at: clock.now, kind: .hold(until: $0.until))
      }
    }
  }
}
