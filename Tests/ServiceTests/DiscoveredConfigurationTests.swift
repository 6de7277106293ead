import Configuration
import RolloutCore
import Service
import Testing

@Suite("The configuration that discover prints")
struct DiscoveredConfigurationTests {
  private let now = Instant(year: 2026, month: 11, day: 23, hour: 21)

  private func arn(_ id: Int) throws -> CertificateARN {
    try CertificateARN(
      parsing:
        "arn:aws:acm:us-east-1:123456789012:certificate/0000000\(id)-aaaa-4bbb-8ccc-abcdef01234\(id)"
    )
  }

  private func certificate(_ id: Int, _ name: String?, days: Int64?) throws -> Certificate {
    Certificate(
      arn: try arn(id), primaryName: name, notAfter: days.map { now + .hours(24 * $0 + 1) })
  }

  private func domain(
    _ name: String, _ attached: DiscoveredDomain.Attached, status: DomainStatus? = .active,
    identity: Identity = Identity(), region: String = "eu-west-1"
  ) throws -> DiscoveredDomain {
    DiscoveredDomain(
      domain: try DomainName(parsing: name),
      userPoolID: try UserPoolID(parsing: "eu-west-1_" + name.filter { $0.isLetter }),
      region: try Region(parsing: region), identity: identity, status: status, attached: attached)
  }

  /// The printed text, which must be a valid configuration without a warning.
  private func yaml(
    _ domains: [DiscoveredDomain], externalID: String? = nil,
    environment: [String: String] = [:]
  ) throws -> (text: String, fleet: Fleet) {
    let text = DiscoveredConfiguration(domains: domains, externalID: externalID, now: now).yaml
    let configuration = try ConfigurationLoader.parse(
      text: Array(text.utf8), path: "test.yaml", environment: environment,
      unreadableReason: { _ in nil })
    #expect(configuration.warnings.isEmpty, "\(configuration.warnings)")
    return (text, configuration.fleet)
  }

  @Test("has a rule where the certificate was seen, and observes where it was not")
  func attached() throws {
    let printed = try yaml([
      try domain("a.example.com", .described(certificate(1, "*.example.com", days: 83))),
      try domain(
        "b.example.com", .described(certificate(2, "B.example.com", days: 1)), status: .updating),
      try domain("c.example.com", .described(certificate(3, "example.org", days: -3))),
      try domain("d.example.com", .described(certificate(4, "Some Name\n- x: y", days: nil))),
      try domain("e.example.com", .missing(arn(5)), status: .other("ODD # \n\u{1b}[31mWORD")),
      try domain("f.example.com", .unseen(arn(6))),
      try domain("g.example.com", .unknown, status: nil),
      try domain("h.example.com", .described(certificate(7, nil, days: 2)), region: "us-east-1"),
    ])
    #expect(
      printed.text == """
        # Custom domains that cognito-certd discover found on 2026-11-23.
        domains:
          # certificate …ef012341 ends on 2027-02-14, in 83 days
          - domain: a.example.com
            user_pool_id: eu-west-1_aexamplecom
            certificate: { domain_name: "*.example.com" }
          # certificate …ef012342 ends on 2026-11-24, in 1 day; the domain is UPDATING
          - domain: b.example.com
            user_pool_id: eu-west-1_bexamplecom
            certificate: { domain_name: b.example.com }
          # certificate …ef012343 ended on 2026-11-20, 2 days ago
          # its primary name example.org does not cover the domain: write a rule, and then remove mode
          - domain: c.example.com
            user_pool_id: eu-west-1_cexamplecom
            certificate: { any: true }
            mode: observe
          # certificate …ef012344 has no end that ACM shows
          # its primary name is not a DNS name: write a rule, and then remove mode
          - domain: d.example.com
            user_pool_id: eu-west-1_dexamplecom
            certificate: { any: true }
            mode: observe
          # certificate …ef012345; the domain is ODDmWORD
          # ACM does not have this certificate: write a rule, and then remove mode
          - domain: e.example.com
            user_pool_id: eu-west-1_eexamplecom
            certificate: { any: true }
            mode: observe
          # certificate …ef012346
          # it could not be described: write a rule, and then remove mode
          - domain: f.example.com
            user_pool_id: eu-west-1_fexamplecom
            certificate: { any: true }
            mode: observe
          # the attached certificate is not known: write a rule, and then remove mode
          - domain: g.example.com
            user_pool_id: eu-west-1_gexamplecom
            certificate: { any: true }
            mode: observe
          # certificate …ef012347 ends on 2026-11-25, in 2 days
          # ACM shows no name of it: write a rule, and then remove mode
          - domain: h.example.com
            user_pool_id: eu-west-1_hexamplecom
            region: us-east-1
            certificate: { any: true }
            mode: observe

        """)
    #expect(printed.fleet.mappings.map(\.mode).filter { $0 == .apply }.count == 2)
  }

  @Test("has what all mappings share among the defaults, and no other setting")
  func defaults() throws {
    let role = "arn:aws:iam::123456789012:role/a"
    let other = "arn:aws:iam::210987654321:role/b"
    let seen = DiscoveredDomain.Attached.described(try certificate(1, "*.example.com", days: 9))
    func identity(_ role: String) -> Identity {
      Identity(profile: "1: # \"x\"", roleARN: role, externalID: "12:34")
    }
    let printed = try yaml([
      try domain("a.example.com", seen, identity: identity(role)),
      try domain("b.example.com", seen, identity: identity(other)),
    ])
    #expect(
      printed.text.hasPrefix(
        """
        # Custom domains that cognito-certd discover found on 2026-11-23.
        defaults:
          profile: "1: # \\"x\\""
          external_id: "12:34"
        domains:
          # certificate …ef012341 ends on 2026-12-02, in 9 days
          - domain: a.example.com
            user_pool_id: eu-west-1_aexamplecom
            role_arn: \(role)

        """))
    #expect(printed.fleet.identities == [identity(role), identity(other)])
  }

  @Test("refers to the variable that has the external id")
  func externalID() throws {
    let identity = Identity(
      roleARN: "arn:aws:iam::123456789012:role/a", externalID: "s3cr3t")
    let printed = try yaml(
      [try domain("a.example.com", .unknown, identity: identity)], externalID: "${THE_ID}",
      environment: ["THE_ID": "s3cr3t"])
    #expect(printed.text.contains("    external_id: \"${THE_ID}\"\n"))
    #expect(!printed.text.contains("s3cr3t"))
    #expect(printed.fleet.identities == [identity])
  }
}
