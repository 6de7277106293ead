package import Reconciliation
package import RolloutCore

/// What a state file held at one moment, as the state of a ledger that changes nothing: what is
/// committed is dropped.
package actor StateCopy: StatePort {
  private let records: [DomainRecord]
  private let firstImports: [CertificateARN: Instant]
  private let stoppedWaves: [WaveStop]
  private var requests: [OperatorRequest]

  /// By default what a daemon finds that starts for the first time.
  package init(
    records: [DomainRecord] = [], firstImports: [CertificateARN: Instant] = [:],
    stoppedWaves: [WaveStop] = [], requests: [OperatorRequest] = []
  ) {
    self.records = records
    self.firstImports = firstImports
    self.stoppedWaves = stoppedWaves
    self.requests = requests
  }

  package func loadRecords() async throws(StateFailure) -> [DomainRecord] { records }

  package func loadFirstImports() async throws(StateFailure) -> [CertificateARN: Instant] {
    firstImports
  }

  package func loadStoppedWaves() async throws(StateFailure) -> [WaveStop] { stoppedWaves }

  package func commit(_ change: StateChange) async throws(StateFailure) {
    requests.removeAll { change.handled.contains($0.id) }
  }

  package func pendingRequests() async throws(StateFailure) -> [OperatorRequest] { requests }
}
