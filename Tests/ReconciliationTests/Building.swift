import RolloutCore

/// The wall clock at uptime zero.
let noon = Instant(milliseconds: 1_772_366_400_000)

/// A literal of a test, parsed.
func parsed<Value>(_ parse: () throws(MalformedIdentifier) -> Value) -> Value {
  do {
    return try parse()
  } catch {
    preconditionFailure("\(error)")
  }
}

func arn(_ name: String) -> CertificateARN {
  parsed { () throws(MalformedIdentifier) in
    try CertificateARN(parsing: "arn:aws:acm:us-east-1:123456789012:certificate/\(name)")
  }
}

/// `one` stands for `one.example.com`.
func domain(_ name: String) -> DomainName {
  parsed { () throws(MalformedIdentifier) in try DomainName(parsing: "\(name).example.com") }
}

/// The account of that name: one way to get credentials.
func account(_ name: String) -> Identity { Identity(profile: name) }

/// A mapping whose domain belongs to the account.
func mapping(
  _ name: String, of accountName: String, wave: Int = 0,
  _ edit: (inout Mapping) -> Void = { _ in }
) -> Mapping {
  let (pool, region) = parsed { () throws(MalformedIdentifier) in
    (try UserPoolID(parsing: "eu-west-1_Ab12Cd34E"), try Region(parsing: "eu-west-1"))
  }
  var mapping = Mapping(
    domain: domain(name), userPoolID: pool, region: region, identity: account(accountName),
    wave: wave)
  edit(&mapping)
  return mapping
}

/// A certificate that passes every check for every domain of these tests. `from` and `to` are
/// days from noon; it was created the moment it became valid.
func certificate(_ name: String, from: Int64 = -30, to: Int64 = 300) -> Certificate {
  let start = noon + .days(from)
  return Certificate(
    arn: arn(name), status: .issued, type: .amazonIssued,
    keyAlgorithm: KeyAlgorithm("EC_prime256v1"), primaryName: "*.example.com",
    names: ["*.example.com"], namesAreComplete: true, notBefore: start,
    notAfter: noon + .days(to), createdAt: start, issuedAt: start)
}
