import Configuration
package import RolloutCore
import Terminal

/// The configuration for domains that were found: what `discover` prints.
///
/// A domain whose attached certificate was seen gets a rule with the primary name of that certificate.
/// For any other no rule is known, so its mapping has `mode: observe` until a person has written one.
package struct DiscoveredConfiguration: Equatable, Sendable {
  package var domains: [DiscoveredDomain]
  /// The external id of the roles as it is to be written, perhaps with `${NAME}` for a variable.
  package var externalID: String?
  package var now: Instant

  package init(domains: [DiscoveredDomain], externalID: String? = nil, now: Instant) {
    self.domains = domains
    self.externalID = externalID
    self.now = now
  }

  package var yaml: String {
    let shared = Setting.allCases.filter { setting in
      let values = Set(domains.map { setting.value(of: $0.identity) })
      return domains.count > 1 && values.count == 1 && values != [nil]
    }
    var lines = ["# Custom domains that cognito-certd discover found on \(now.day)."]
    if let first = domains.first, !shared.isEmpty {
      lines.append("defaults:")
      lines += shared.compactMap { line($0, first.identity) }.map { "  " + $0 }
    }
    lines.append("domains:")
    let own = Setting.allCases.filter { !shared.contains($0) }
    for domain in domains { lines += mapping(for: domain, own) }
    return lines.joined(separator: "\n") + "\n"
  }

  /// The settings that say how credentials are obtained.
  private enum Setting: String, CaseIterable {
    case profile
    case roleARN = "role_arn"
    case externalID = "external_id"

    func value(of identity: Identity) -> String? {
      switch self {
      case .profile: identity.profile
      case .roleARN: identity.roleARN
      case .externalID: identity.externalID
      }
    }
  }

  private func line(_ setting: Setting, _ identity: Identity) -> String? {
    setting.value(of: identity).map { value in
      let isExternalID = setting == .externalID
      let scalar =
        if isExternalID, let externalID {
          YAMLText.expandedScalar(externalID)
        } else {
          YAMLText.scalar(value)
        }
      return "\(setting.rawValue): \(scalar)"
    }
  }

  private func mapping(for domain: DiscoveredDomain, _ settings: [Setting]) -> [String] {
    var keys = [
      "domain: \(YAMLText.scalar(domain.domain.text))",
      "user_pool_id: \(YAMLText.scalar(domain.userPoolID.text))",
    ]
    if domain.region.text != domain.userPoolID.regionPrefix {
      keys.append("region: \(YAMLText.scalar(domain.region.text))")
    }
    keys += settings.compactMap { line($0, domain.identity) }
    let rule = rule(for: domain)
    switch rule {
    case .primaryName(let name):
      keys.append("certificate: { domain_name: \(YAMLText.scalar(name)) }")
    case .unknown: keys += ["certificate: { any: true }", "mode: observe"]
    }
    let entry = keys.enumerated().map { ($0.offset == 0 ? "  - " : "    ") + $0.element }
    return comments(on: domain, rule).map { "  # " + $0 } + entry
  }

  // MARK: The rule

  private enum Rule {
    case primaryName(String)
    /// With the reason, for people.
    case unknown(String)
  }

  private func rule(for domain: DiscoveredDomain) -> Rule {
    switch domain.attached {
    case .missing: return .unknown("ACM does not have this certificate")
    case .unseen: return .unknown("it could not be described")
    case .unknown: return .unknown("the attached certificate is not known")
    case .described(let certificate):
      guard let name = certificate.primaryName else { return .unknown("ACM shows no name of it") }
      do throws(Malformed) {
        let name = try CertificateName.parse(name)
        return DNSName.name(name, covers: domain.domain)
          ? .primaryName(name) : .unknown("its primary name \(name) does not cover the domain")
      } catch {
        return .unknown("its primary name is not a DNS name")
      }
    }
  }

  // MARK: Comments

  private func comments(on domain: DiscoveredDomain, _ rule: Rule) -> [String] {
    var facts: [String] = []
    switch domain.attached {
    case .described(let certificate):
      let end = certificate.notAfter.map(end) ?? "has no end that ACM shows"
      facts.append("certificate \(certificate.arn.tail) \(end)")
    case .missing(let arn), .unseen(let arn): facts.append("certificate \(arn.tail)")
    case .unknown: break
    }
    switch domain.status {
    case nil, .active: break
    case .creating, .deleting, .updating, .failed, .other:
      facts.append("the domain is \(domain.status.map(word) ?? "")")
    }
    var lines = facts.isEmpty ? [] : [facts.joined(separator: "; ")]
    if case .unknown(let reason) = rule {
      lines.append("\(reason): write a rule, and then remove mode")
    }
    return lines
  }

  private func end(_ notAfter: Instant) -> String {
    let days = Int(notAfter.since(now).components.seconds / 86_400)
    let distance = counted(abs(days), "day")
    return notAfter < now
      ? "ended on \(notAfter.day), \(distance) ago" : "ends on \(notAfter.day), in \(distance)"
  }

  /// A word of Cognito that is not known may be anything, and a comment ends with its line.
  private func word(_ status: DomainStatus) -> String {
    String(status.description.filter { $0.isASCII && ($0.isLetter || $0 == "_") }.prefix(40))
  }
}
