import POSIX
import RolloutCore

/// Moves every TLS port to the certificate that its edge serves by now.
final class EdgeDriver: Sendable {
  private let aws: FakeAWS
  private let simulatorState: Guarded<SimulatorState>
  private let domains: [Simulator.Domain]
  private let state = Guarded(State())

  /// How late an edge may be.
  private static let period: Duration = .milliseconds(10)

  private struct State {
    var isRunning = false
    var isStopping = false
    /// By domain and edge: the leaf's hash, or empty where handshakes are refused.
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
        // Ends with `stop`, which every owner calls.
        while !state.withLock({ $0.isStopping }) {
          let next = SimulatorClock.uptime + EdgeDriver.period
          move(at: SimulatorClock.now)
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

  /// Has every edge serve what it should at that time.
  func move(at now: Instant) {
    for domain in domains {
      let edges = aws.withCloud { $0.edges(of: domain.name, at: now) }
      for (index, edge) in edges.enumerated() where index < domain.edges.count {
        let minted = edge.material.flatMap { material in
          simulatorState.withLock { $0.minted[material.sha256] }
        }
        show(minted, on: domain.edges[index], of: domain.name, index)
      }
    }
  }

  private func show(
    _ minted: MintedCertificate?, on server: TLSEdgeServer, of domain: String, _ index: Int
  ) {
    let wanted = minted?.sha256 ?? ""
    state.withLock { state in
      guard state.served[domain, default: [:]][index] != wanted else { return }
      guard let minted else {
        server.behave(.refusing)
        state.served[domain, default: [:]][index] = wanted
        return
      }
      do throws(TLSEdgeServerError) {
        try server.serve(minted)
        server.behave(.serving)
        state.served[domain, default: [:]][index] = wanted
      } catch {
        // The port goes on with what it has; the next round tries again.
      }
    }
  }
}
