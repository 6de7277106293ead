import Reconciliation
import RolloutCore
import SimulatedAWS
import Transport

/// Every invariant of a world, and what each of them watches.
struct Checkers: Sendable {
  let violations: Violations
  let disk: DiskMirror
  let certificates: CertificateChecker
  let settings: SettingsChecker
  let intents: IntentChecker
  let holds: HoldChecker
  let configuration: ConfigurationChecker
  let waves: WaveChecker
  let campaigns: CampaignChecker
  let rollbacks: RollbackChecker
  let lostAnswers: LostAnswerChecker
  let budget: BudgetChecker
  let expiry: ExpiryChecker
  let isolation: IsolationChecker
  let releases: ReleaseChecker
  let orders: OrderChecker

  init(aws: FakeAWS, machine: WorldMachine, script: WorldScript, violations: Violations) {
    self.violations = violations
    disk = DiskMirror(machine: machine)
    settings = SettingsChecker(machine: machine, violations: violations)
    intents = IntentChecker(disk: disk, violations: violations)
    holds = HoldChecker(machine: machine, violations: violations)
    configuration = ConfigurationChecker(machine: machine, disk: disk, violations: violations)
    certificates = CertificateChecker(
      aws: aws, disk: disk, configuration: configuration, violations: violations)
    waves = WaveChecker(aws: aws, machine: machine, disk: disk, violations: violations)
    campaigns = CampaignChecker(waves: waves, violations: violations)
    rollbacks = RollbackChecker(violations: violations)
    lostAnswers = LostAnswerChecker(
      machine: machine, interval: script.pacing.checkInterval, violations: violations)
    budget = BudgetChecker(machine: machine, violations: violations)
    expiry = ExpiryChecker(aws: aws, machine: machine, violations: violations)
    releases = ReleaseChecker(aws: aws, machine: machine, violations: violations)
    orders = OrderChecker(violations: violations)
    isolation = IsolationChecker(
      machine: machine, pollInterval: script.pacing.pollInterval, violations: violations)
  }

  /// A process of the daemon has started with that configuration.
  func started(with fleet: Fleet) {
    configuration.adopted(fleet)
    isolation.restarted(with: fleet)
  }

  func committed(_ change: StateChange) {
    let intents = disk.note(change)
    campaigns.committed(change, intents, in: configuration.fleet)
    for intent in intents {
      rollbacks.intended(intent)
      holds.intended(intent)
      configuration.intended(intent)
      waves.intended(intent, in: configuration.fleet)
    }
    isolation.committed(change)
  }

  func begins(_ call: WorldCall) {
    budget.begins(call)
    isolation.begins(call)
    guard call.isUpdate else { return }
    intents.begins(call)
    configuration.begins(call)
    lostAnswers.begins(call)
  }

  func attached(_ change: AttachmentChange, by call: WorldCall) {
    certificates.attached(change)
    releases.attached(change)
    settings.attached(change, by: call)
  }

  /// - Parameter isGood: whether a whole and true answer reached a process that had power.
  func ends(_ call: WorldCall, _ result: Result<HTTPResponse, TransportError>, isGood: Bool) {
    isolation.ends(call, isGood: isGood)
    if call.isUpdate { lostAnswers.ends(call, result) }
    if isGood { expiry.sees(call) }
  }
}
