import RolloutCore

/// Draws certificates and rules that a well-meaning world would not make, the same ones for
/// the same seed.
struct Generator {
  var dice: Dice

  init(seed: UInt64) { dice = Dice(seed: seed) }

  /// True once in so many draws.
  mutating func chance(_ one: UInt64) -> Bool { dice.next() % one == 0 }

  mutating func number(_ range: ClosedRange<Int64>) -> Int64 {
    Int64.random(in: range, using: &dice)
  }

  mutating func pick<Element>(_ first: Element, _ others: Element...) -> Element {
    let index = Int(number(0...Int64(others.count)))
    return index == 0 ? first : others[index - 1]
  }

  /// Mostly within a year of noon, in steps that let dates meet; now and then an end of time.
  mutating func instant() -> Instant {
    if chance(40) { return Instant(milliseconds: pick(.min, .max, 0)) }
    if chance(3) { return noon + .hours(number(-100...100)) }
    return noon + .days(number(-40...40) * 10)
  }

  /// A certificate that is sound but for one or two of its members, as a rule.
  mutating func certificate(_ name: String) -> Certificate {
    let age = number(-3...40) * 10
    var certificate = RolloutCoreTests.certificate(
      name, from: -age, to: number(-2...12) * 30 + number(0...3))
    for _ in 0..<number(0...2) { spoil(&certificate) }
    return certificate
  }

  private mutating func spoil(_ certificate: inout Certificate) {
    switch number(0...13) {
    case 0: certificate.status = pick(nil, .revoked, .pendingValidation, .expired, .other("NEW"))
    case 1: certificate.type = pick(nil, .imported, .imported, .private, .other("NEW"))
    case 2:
      certificate.keyAlgorithm = pick(nil, KeyAlgorithm("RSA-2048"), KeyAlgorithm("EC_secp384r1"))
    case 3:
      certificate.names = pick([], ["*.example.com"], ["other.example.com"])
      certificate.primaryName = certificate.names.first
    case 4: certificate.namesAreComplete = false
    case 5: certificate.notBefore = pick(nil, instant())
    case 6: certificate.notAfter = pick(nil, instant())
    case 7: certificate.createdAt = pick(nil, instant())
    case 8: certificate.importedAt = pick(nil, instant())
    case 9: certificate.issuedAt = pick(nil, noon - .minutes(number(0...60)))
    case 10: certificate.managedBy = "CLOUDFRONT"
    case 11: certificate.primaryName = pick(nil, "other.example.com")
    case 12:
      certificate.arn = arn(certificate.arn.text.suffix(2).description, region: "eu-west-1")
    default: certificate.notAfter = noon + .hours(number(0...100))
    }
  }

  mutating func selector(among arns: [CertificateARN]) -> CertificateSelector {
    var selector = CertificateSelector()
    if chance(4), let arn = arns.randomElement(using: &dice) { selector.arn = arn }
    if chance(6) { selector.domainName = pick("auth.example.com", "*.example.com") }
    if chance(6) { selector.tags = ["app": "login"] }
    if chance(6) { selector.types = pick([.amazonIssued], [.imported]) }
    if chance(8) { selector.keyAlgorithms = [KeyAlgorithm("EC_prime256v1")] }
    if chance(4) { selector.minRemaining = .days(pick(0, 1, 30, 400)) }
    if chance(4) { selector.soak = .minutes(pick(1, 30, 1440, 60_000)) }
    return selector
  }
}
