import POSIX
import Reconciliation
import RolloutCore
import SimulatedAWS
import StateStore
import VirtualTime

/// What must be true once nothing has gone wrong for a while.
extension World {
  func checkSettled() async {
    let path = stateFile
    let records: [DomainRecord]
    await executor.outside { self.checkers.orders.check(stateFile: path) }
    do {
      records = try await executor.outside {
        let store = try StateStore.open(path: path, mode: .daemon)
        let records = try await store.loadRecords()
        try store.close()
        return records
      }
    } catch {
      return violations.record("the state file could not be read in the end: \(error)")
    }
    for plan in script.domains {
      guard let record = records.first(where: { $0.domain.text == plan.name }) else {
        violations.record("\(plan.name) has no record")
        continue
      }
      check(record, plan, among: records)
    }
  }

  /// Nothing used the certificate before the last rollout for as long as its release may take.
  private func checkRelease(_ record: DomainRecord) {
    guard let rollout = record.rollout, case .completed(let completion) = rollout.phase,
      completion.proof == .edge, completion.releasedAt == nil, let previous = rollout.previous,
      previous != rollout.certificate, record.attached == rollout.certificate
    else { return }
    let time = machine.trueTime
    let wait = script.inUseLag + script.pacing.driftInterval + .hours(4)
    let isUnused = aws.withCloud { cloud in
      cloud.certificates[previous.text]?.deletedAt == nil
        && [time - wait, time].allSatisfy { cloud.inUseBy(previous.text, at: $0).isEmpty }
    }
    violations.require(
      !isUnused || time.since(completion.completedAt) < wait,
      "\(previous) of \(record.domain) was not released, and nothing uses it")
  }

  private func check(
    _ record: DomainRecord, _ plan: WorldScript.DomainPlan, among records: [DomainRecord]
  ) {
    let shown = shown(plan)
    let isMeddled = state.withLock { $0.meddled.contains(plan.name) }
    let best = best(for: plan, record)
    switch record.condition {
    case .inSync:
      if record.attached?.text != shown {
        violations.record(
          "\(plan.name) is in_sync with \(record.attached?.text ?? "nothing"), Cognito shows \(shown)"
        )
      }
      if let best { violations.record("\(plan.name) stays on \(shown), \(best) is better") }
      if plan.isProbed {
        checkEdges(plan, shown)
        checkRelease(record)
      }
    case .drifted:
      if !isMeddled { violations.record("\(plan.name) is drifted and nobody meddled") }
    case .noCandidate:
      if isUsable(shown, plan) {
        violations.record("\(plan.name) has no candidate, but \(shown) is usable")
      }
      if let best { violations.record("\(plan.name) has no candidate, but \(best) is eligible") }
    case .pending where waitsForTroubled(plan, among: records): break
    case .pending, .submitting, .propagating, .retrying, .overdue, .refused, .unknown, .held,
      .unserved, .other:
      violations.record(
        "\(plan.name) did not settle: \(record.condition), \(record.reason?.description ?? "no reason")"
      )
    }
  }

  private func waitsForTroubled(
    _ plan: WorldScript.DomainPlan, among records: [DomainRecord]
  ) -> Bool {
    script.domains.contains { other in
      other.wave < plan.wave
        && records.contains {
          $0.domain.text == other.name && ($0.condition.needsPerson || $0.rolledBack != nil)
        }
    }
  }

  private func checkEdges(_ plan: WorldScript.DomainPlan, _ shown: String) {
    let edges = aws.withCloud { $0.edges(of: plan.name, at: machine.trueTime) }
    for edge in edges where edge.certificateARN != shown {
      violations.record("\(plan.name) is in_sync, but \(edge.label) serves \(edge.certificateARN)")
    }
  }

  private func isUsable(_ arn: String, _ plan: WorldScript.DomainPlan) -> Bool {
    aws.withCloud { cloud in
      guard let certificate = cloud.certificates[arn], certificate.deletedAt == nil else {
        return false
      }
      return certificate.status(at: machine.trueTime) == "ISSUED" && certificate.covers(plan.name)
    }
  }

  /// An independent reading of the rules: the certificate that the domain should have moved to
  /// and has not; nil when it is where it should be.
  private func best(for plan: WorldScript.DomainPlan, _ record: DomainRecord) -> String? {
    let shown = shown(plan)
    let shunned = Set(record.shunned.map(\.text))
    let now = machine.trueTime
    return aws.withCloud { cloud in
      let current = cloud.certificates[shown]
      let currentIsUsable = isUsable(shown, plan, in: cloud)
      for (arn, candidate) in cloud.certificates.sorted(by: { $0.key < $1.key }) {
        guard arn != shown, !shunned.contains(arn),
          candidate.account == World.accountNumber(plan.account), candidate.covers(plan.name),
          candidate.status(at: now) == "ISSUED", candidate.deletedAt == nil,
          candidate.keyAlgorithm == "EC_prime256v1", candidate.type != "PRIVATE",
          candidate.managedBy == nil, let leaf = candidate.current, !leaf.isSelfSigned,
          leaf.notBefore <= now - .hours(8), leaf.notAfter >= now + .days(8)
        else { continue }
        guard currentIsUsable, let current, let old = current.current else { return arn }
        if leaf.notBefore > old.notBefore, candidate.createdAt > current.createdAt,
          leaf.notAfter >= old.notAfter
        {
          return arn
        }
      }
      return nil
    }
  }

  private func isUsable(
    _ arn: String, _ plan: WorldScript.DomainPlan, in cloud: FakeCloud
  ) -> Bool {
    guard let certificate = cloud.certificates[arn], certificate.deletedAt == nil else {
      return false
    }
    return certificate.status(at: machine.trueTime) == "ISSUED" && certificate.covers(plan.name)
  }
}
