package import LosslessJSON
package import RolloutCore

/// What `probe` shows: the leaf that each edge serves now, against the one wanted.
package struct ProbeReport: Sendable {
  package let domain: DomainName
  package let wanted: Wanted?
  package let round: ProbeRound
  package let now: Instant

  package init(domain: DomainName, wanted: Wanted?, round: ProbeRound, now: Instant) {
    self.domain = domain
    self.wanted = wanted
    self.round = round
    self.now = now
  }

  /// The certificate that the edges should serve.
  package struct Wanted: Equatable, Sendable {
    package var certificate: CertificateARN
    /// nil where ACM could not be asked.
    package var sha256: String?
    package var notAfter: Instant?

    package init(certificate: CertificateARN, sha256: String?, notAfter: Instant?) {
      self.certificate = certificate
      self.sha256 = sha256
      self.notAfter = notAfter
    }
  }

  /// Whether this round proves the wanted certificate.
  package var isProven: Bool {
    guard let sha256 = wanted?.sha256,
      case .passed = ProbeVerdict(round, expecting: sha256)
    else { return false }
    return true
  }

  package var json: JSONValue {
    [
      "version": 1,
      "generated_at": .string(now.rfc3339),
      "domain": .string(domain.text),
      "wanted": wanted.map(ProbeReport.json) ?? .null,
      "proven": .bool(isProven),
      "error": JSONValue(round.failure?.message),
      "edges": .array(round.edges.map(json)),
    ]
  }

  private static func json(_ wanted: Wanted) -> JSONValue {
    [
      "certificate_arn": .string(wanted.certificate.text),
      "sha256": JSONValue(wanted.sha256),
      "not_after": JSONValue(wanted.notAfter?.rfc3339),
    ]
  }

  private func json(_ edge: EdgeLook) -> JSONValue {
    let leaf = edge.leaf
    return [
      "address": .string(edge.address),
      "state": .string(state(of: edge).rawValue),
      "sha256": JSONValue(leaf?.sha256),
      "serial": JSONValue(leaf?.serial),
      "subject": JSONValue(leaf?.details?.subject),
      "issuer": JSONValue(leaf?.details?.issuer),
      "not_after": JSONValue(leaf?.notAfter.rfc3339),
      "tls_version": JSONValue(leaf?.details?.tlsVersion),
      "error": JSONValue(edge.problem),
      "milliseconds": JSONValue(edge.took.map { Int($0.inMilliseconds) }),
    ]
  }

  enum EdgeState: String, CaseIterable {
    case serving, other, refusing, unreachable
  }

  func state(of edge: EdgeLook) -> EdgeState {
    switch edge.result {
    case .served(let leaf): leaf.sha256 == wanted?.sha256 ? .serving : .other
    case .refusing: .refusing
    case .unreachable, .noRoute: .unreachable
    }
  }
}

extension EdgeLook {
  var leaf: ServedLeaf? {
    guard case .served(let leaf) = result else { return nil }
    return leaf
  }

  /// What viewers would complain about; nil when there is nothing.
  var problem: String? {
    switch result {
    case .refusing(let reason), .unreachable(let reason): reason
    case .noRoute: "this host has no route to addresses of this family"
    case .served(let leaf):
      leaf.coversDomain ? leaf.chain.problem : "the leaf does not cover the domain"
    }
  }
}

extension ChainVerdict {
  fileprivate var problem: String? {
    switch self {
    case .trusted: nil
    case .selfSigned: "the certificate is self-signed"
    case .untrusted(let reason): reason
    }
  }
}

extension ProbeReport {
  package var text: String { json.pretty }
}
