import POSIX
import RolloutCore

/// Updates the certificate of every TLS port to the one that its edge serves now.
final class EdgeDriver: Sendable {
  private let aws: FakeAWS
  private let simulatorState: Guarded<SimulatorState>
  private let domains: [Simulator.Domain]
  private let state = Guarded(State())

  /// The maximum delay of an edge's change.
  private static let period: Duration = .milliseconds(10)

  private struct State {
    var isRunning = false
    var isStopping = false
    /// The hash of the leaf by domain and edge; empty when handshakes are refused.
    var served: [String: [Int: String]] = [:]
  }

  init(aws: FakeAWS, simulatorState: Guarded<SimulatorState>, domains: [Simulator.Domain]) {
    self.aws = aws
    self.simulatorState = simulatorState
    self.domains = domains
  }

  func start() throws(SimulationProblem) {
    state.withLock { $0.isRunning = true }
    do throws(SystemError) {
      try startThread { [self] in
        // Ends with `stop`.
        while !state.withLock({ $0.isStopping }) {
          let next = SimulatorClock.uptime + EdgeDriver.period
          update(at: SimulatorClock.now)
          SimulatorClock.sleep(until: next)
        }
        state.withLock { $0.isRunning = false }
      }
    } catch {
      state.withLock { $0.isRunning = false }
      throw SimulationProblem("cannot start the edges: no thread could be started: \(error)")
    }
  }

  func stop() {
    state.withLock { $0.isStopping = true }
    state.wait { !$0.isRunning }
  }

  /// Makes every edge serve what it should at that time.
  func update(at now: Instant) {
    for domain in domains {
      let edges = aws.withCloud { $0.edges(of: domain.name, at: now) }
      for (index, edge) in edges.enumerated() where index < domain.edges.count {
        let minted = edge.material.flatMap { material in
          simulatorState.withLock { $0.minted[material.sha256] }
        }
        serve(minted, on: domain.edges[index], of: domain.name, index)
      }
    }
  }

  private func serve(
    _ minted: MintedCertificate?, on server: TLSEdgeServer, of domain: String, _ index: Int
  ) {
    let wanted = minted?.sha256 ?? ""
    state.withLock { state in
      guard state.served[domain, default: [:]][index] != wanted else { return }
      guard let minted else {
        server.behave(.alerting)
        state.served[domain, default: [:]][index] = wanted
        return
      }
      do throws(TLSEdgeServerError) {
        try server.serve(minted)
        server.behave(.serving)
        state.served[domain, default: [:]][index] = wanted
      } catch {
        // The port keeps its certificate. The next update tries again.
      }
    }
  }
}
