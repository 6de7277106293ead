import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import VirtualTime

/// What a changed configuration says of one domain.
struct ConfigurationOrder: Sendable {
  var mode: Mapping.Mode?
  /// A rule that selects no certificate of this world.
  var selectsNothing = false
  var pin: String?
  var account: Int?
}

extension World {
  /// The configuration file as it is now.
  var fleet: Fleet {
    let (orders, waves) = state.withLock { ($0.orders, $0.waves) }
    let mappings = script.domains.enumerated().compactMap { index, plan in
      mapping(plan, orders[index] ?? ConfigurationOrder(), wave: waves?[index] ?? plan.wave)
    }
    return Fleet(mappings: mappings, pacing: script.pacing)
  }

  private func mapping(
    _ plan: WorldScript.DomainPlan, _ order: ConfigurationOrder, wave: Int
  ) -> Mapping? {
    do {
      let pool = try UserPoolID(parsing: plan.pool)
      var selector = CertificateSelector()
      if order.selectsNothing { selector.tags = ["purpose": "another"] }
      if let pin = order.pin { selector.arn = try CertificateARN(parsing: pin) }
      return Mapping(
        domain: try DomainName(parsing: plan.name), userPoolID: pool,
        region: try Region(parsing: pool.regionPrefix),
        identity: Identity(profile: "account\(order.account ?? plan.account)"),
        selector: selector, mode: order.mode ?? .apply,
        onDrift: plan.reportsDrift ? .report : .restore, wave: wave,
        rollback: plan.rollsBack ? .on : .off, probe: ProbeTarget(isEnabled: plan.isProbed))
    } catch {
      violations.record("the script names something malformed: \(error)")
      return nil
    }
  }

  /// What the daemon makes of the configuration.
  func known(_ fleet: Fleet) -> Fleet {
    var fleet = fleet
    if sabotage == .ignoresLimits {
      (fleet.pacing.maxInFlight, fleet.pacing.stopAfterFailures) = (0, 0)
      fleet.pacing.waveSoak = .zero
    }
    if sabotage != .ignoresWaves { return fleet }
    for index in fleet.mappings.indices { fleet.mappings[index].wave = 0 }
    return fleet
  }

  /// Changes the configuration file and sends the daemon a SIGHUP.
  func configure(_ change: (inout State) -> Void) async {
    state.withLock { change(&$0) }
    let fleet = fleet
    guard let process = machine.process else { return }
    checkers.configuration.changes()
    if sabotage != .ignoresReloads { await process.ledger.adopt(known(fleet)) }
    process.clock.wake(.pollRequested)
    // A process that has ended meanwhile started again with this configuration.
    checkers.configuration.adopted(fleet)
    checkers.isolation.restarted(with: fleet)
  }

  /// Changes one domain's configuration for a time.
  func order(
    _ index: Int, for length: Duration, _ change: @Sendable (inout ConfigurationOrder) -> Void
  ) async {
    await configure { change(&$0.orders[index, default: ConfigurationOrder()]) }
    await machine.sleep(for: length)
    await configure { $0.orders[index] = nil }
  }
}
