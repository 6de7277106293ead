import RolloutCore
import Terminal

/// What is right or wrong with one edge.
struct EdgeFinding {
  private let edge: EdgeLook
  private let domain: DomainName
  /// Whether another edge of the domain serves it: an address that cannot be reached does not matter
  /// then.
  private let isServedElsewhere: Bool
  private let now: Instant

  /// Less is urgent.
  private static let leastValidity = Duration.hours(72)
  /// Less is worth a warning: a replacement should be there.
  private static let shortValidity = Duration.days(14)

  init(_ edge: EdgeLook, of domain: DomainName, isServedElsewhere: Bool, now: Instant) {
    self.edge = edge
    self.domain = domain
    self.isServedElsewhere = isServedElsewhere
    self.now = now
  }

  var check: DoctorCheck {
    let object = "\(domain) \(edge.address)"
    switch edge.result {
    case .served(let leaf): return check(object, leaf)
    case .refusing(let reason):
      return DoctorCheck(
        .edge, object, .failed, "refuses the domain: \(reason)",
        fix: "see that the domain's DNS leads to its distribution: cognito-certd probe \(domain)")
    case .unreachable(let reason):
      return DoctorCheck(
        .edge, object, isServedElsewhere ? .warning : .failed, reason,
        fix: "allow outgoing connections to it")
    case .noRoute:
      return DoctorCheck(
        .edge, object, .untested, "this host has no route to addresses of this family")
    }
  }

  private func check(_ object: String, _ leaf: ServedLeaf) -> DoctorCheck {
    let left = leaf.notAfter.since(now)
    let end = RelativeTime(now: now).both(leaf.notAfter)
    let name = "leaf \(leaf.sha256.prefix(8)), ends \(end)"
    func failed(_ problem: String, _ fix: String) -> DoctorCheck {
      DoctorCheck(.edge, object, .failed, "\(problem): \(name)", fix: fix)
    }
    if !leaf.coversDomain {
      return failed(
        "the leaf does not cover the domain", "see that the domain's DNS leads to its distribution")
    }
    if left <= .zero {
      return failed("the leaf has expired", "cognito-certd explain \(domain) shows what hinders it")
    }
    if let problem = edge.problem {
      return failed(
        "the chain is not trusted: \(problem)", "see roots; attach a certificate of a public CA")
    }
    if left < EdgeFinding.leastValidity {
      return failed("the leaf ends soon", "cognito-certd explain \(domain) shows what hinders it")
    }
    if left < EdgeFinding.shortValidity {
      return DoctorCheck(
        .edge, object, .warning, "trusted, and ends soon: \(name)",
        fix: "cognito-certd explain \(domain) shows whether there is a replacement")
    }
    return DoctorCheck(.edge, object, .ok, "trusted: \(name)")
  }
}
