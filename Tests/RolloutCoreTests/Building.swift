import RolloutCore

/// The moment at which every test begins.
let noon = Instant(year: 2026, month: 3, day: 1, hour: 12)

/// A literal of a test, parsed.
func parsed<Value>(_ parse: () throws(MalformedIdentifier) -> Value) -> Value {
  do {
    return try parse()
  } catch {
    preconditionFailure("\(error)")
  }
}

func arn(
  _ name: String, account: String = "123456789012", region: String = "us-east-1"
) -> CertificateARN {
  parsed { () throws(MalformedIdentifier) in
    try CertificateARN(parsing: "arn:aws:acm:\(region):\(account):certificate/\(name)")
  }
}

func domain(_ text: String) -> DomainName {
  parsed { () throws(MalformedIdentifier) in try DomainName(parsing: text) }
}

func pool(_ text: String) -> UserPoolID {
  parsed { () throws(MalformedIdentifier) in try UserPoolID(parsing: text) }
}

func region(_ text: String) -> Region {
  parsed { () throws(MalformedIdentifier) in try Region(parsing: text) }
}

/// The domain of most tests.
let auth = domain("auth.example.com")

func mapping(
  _ name: DomainName = auth, _ edit: (inout Mapping) -> Void = { _ in }
) -> Mapping {
  var mapping = Mapping(
    domain: name, userPoolID: pool("eu-west-1_Ab12Cd34E"), region: region("eu-west-1"))
  edit(&mapping)
  return mapping
}

/// A certificate that passes every check, as the list shows it. `from` and `to` are days from
/// noon; it was created the moment it became valid.
func certificate(
  _ name: String, from: Int64 = -30, to: Int64 = 300,
  _ edit: (inout Certificate) -> Void = { _ in }
) -> Certificate {
  let start = noon + .days(from)
  var certificate = Certificate(
    arn: arn(name), status: .issued, type: .amazonIssued,
    keyAlgorithm: KeyAlgorithm("EC_prime256v1"), primaryName: "auth.example.com",
    names: ["auth.example.com"], namesAreComplete: true, notBefore: start,
    notAfter: noon + .days(to), createdAt: start, issuedAt: start)
  edit(&certificate)
  return certificate
}

/// The certificate as DescribeCertificate shows it.
func described(_ certificate: Certificate) -> Certificate {
  var certificate = certificate
  certificate.isDescribed = true
  return certificate
}

/// The digest of the leaf that a certificate's ARN stands for in these tests.
func digest(_ arn: CertificateARN) -> String { "sha256 of \(arn)" }

func evidence(of certificate: Certificate, chain: ChainVerdict = .trusted) -> LeafEvidence {
  LeafEvidence(
    sha256: digest(certificate.arn), serial: "01", notAfter: certificate.notAfter ?? noon,
    chain: chain)
}

func failure(_ kind: Failure.Kind, retryAfter: Duration? = nil) -> Failure {
  Failure(
    kind, operation: "Operation", object: "object", message: "it failed", requestID: "request-9",
    retryAfter: retryAfter)
}

/// A look that brought nothing.
func unseen<Value>(_ kind: Failure.Kind = .unreachable) -> Look<Value> {
  .unseen(failure(kind))
}

func leaf(_ arn: CertificateARN, notAfter: Instant = noon + .days(300)) -> EdgeLook.Result {
  .served(
    ServedLeaf(
      sha256: digest(arn), serial: "01", notAfter: notAfter, coversDomain: true, chain: .trusted))
}

/// One edge an element, at an address of its own.
func round(_ edges: [EdgeLook.Result], failure: Failure? = nil) -> ProbeRound {
  ProbeRound(
    edges: edges.enumerated().map { EdgeLook(address: "192.0.2.\($0):443", result: $1) },
    failure: failure)
}
