import LosslessJSON
import RolloutCore
import Testing

@testable import SimulatedAWS

@Suite("Certificates of the simulated AWS")
struct FakeAWSCertificateTests {
  let start = FakeAWSCaller.start
  let caller = FakeAWSCaller()
  static let allKeys: JSONValue = [
    "keyTypes": [
      "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1",
      "EC_secp521r1",
    ]
  ]

  func issue(
    _ number: Int = 1, names: [String] = ["auth.example.com"], key: String = "EC_prime256v1",
    type: String = "AMAZON_ISSUED", tags: [String: String] = [:], isPending: Bool = false
  ) -> String {
    caller.aws.withCloud {
      $0.issue(
        CertificateOrder(
          account: caller.account, names: names, material: isPending ? nil : .numbered(number),
          type: type, keyAlgorithm: key, tags: tags), at: start)
    }
  }

  func list(_ body: JSONValue, at now: Instant = FakeAWSCaller.start) -> [JSONValue] {
    caller.acm("ListCertificates", body, at: now).json["CertificateSummaryList"]?.array ?? []
  }

  @Test("a list shows only RSA 1024 and 2048 unless other key types are requested")
  func defaultFilter() {
    let rsa = issue(key: "RSA_2048")
    let curve = issue(key: "EC_prime256v1")
    let large = issue(key: "RSA_4096")
    func arns(_ body: JSONValue) -> [String?] { list(body).map { $0["CertificateArn"]?.string } }
    #expect(arns([:]) == [rsa])
    #expect(arns(["Includes": FakeAWSCertificateTests.allKeys]) == [rsa, curve, large])
    #expect(arns(["Includes": ["keyTypes": ["EC_prime256v1"]]]) == [curve])
    let wrong = caller.acm("ListCertificates", ["Includes": ["keyTypes": ["RSA-2048"]]])
    #expect(wrong.code == "ValidationException")
  }

  @Test("pages continue by an opaque token, also when certificates are added and deleted")
  func paging() throws {
    var arns = (1...5).map { issue($0, key: "RSA_2048") }
    var seen: [String] = []
    var token: JSONValue?
    for page in 1...3 {
      var body: [JSONValue.Member] = [.init("MaxItems", 2)]
      if let token { body.append(.init("NextToken", token)) }
      let answer = caller.acm("ListCertificates", .object(body)).json
      let summaries = try #require(answer["CertificateSummaryList"]?.array)
      seen += summaries.compactMap { $0["CertificateArn"]?.string }
      token = answer["NextToken"]
      #expect((token == nil) == (page == 3))
      if page == 1 { try caller.aws.withCloud { try $0.delete(arns[0], at: start) } }
      if page == 2 { arns.append(issue(6, key: "RSA_2048")) }
    }
    #expect(seen == arns)
    #expect(Set(seen).count == 6)
  }

  @Test("a foreign token, or one for another filter, is refused")
  func badTokens() throws {
    for number in 1...3 { _ = issue(number, key: "RSA_2048") }
    let first = caller.acm("ListCertificates", ["MaxItems": 1]).json
    let token = try #require(first["NextToken"])
    let cases: [JSONValue] = [
      ["NextToken": "x"], ["NextToken": ""], ["NextToken": 7],
      ["NextToken": .string(try #require(token.string) + "x")],
      ["NextToken": token, "Includes": FakeAWSCertificateTests.allKeys],
    ]
    for body in cases {
      #expect(caller.acm("ListCertificates", body).code == "ValidationException", "\(body)")
    }
    for size: JSONValue in [0, -1, 1001] {
      #expect(caller.acm("ListCertificates", ["MaxItems": size]).code == "ValidationException")
    }
    #expect(caller.acm("ListCertificates", ["MaxItems": 1000]).status == 200)
    #expect(caller.acm("ListCertificates", ["MaxItems": "1"]).code == "SerializationException")
  }

  @Test("pages can be smaller than requested")
  func smallPages() {
    for number in 1...3 { _ = issue(number, key: "RSA_2048") }
    caller.aws.withCloud { $0.options.maximumPageSize = 2 }
    #expect(list(["MaxItems": 1000]).count == 2)
  }

  @Test("a summary shows the first hundred names and says that there are more")
  func manyNames() throws {
    _ = issue(names: (1...100).map { "n\($0).example.com" }, key: "RSA_2048")
    _ = issue(names: (1...101).map { "n\($0).example.com" }, key: "RSA_2048")
    let summaries = list([:])
    for (summary, more) in zip(summaries, [false, true]) {
      #expect(summary["SubjectAlternativeNameSummaries"]?.array?.count == 100)
      #expect(summary["HasAdditionalSubjectAlternativeNames"]?.bool == more)
    }
  }

  @Test("members of a summary can be left out, as in older partitions")
  func omittedMembers() throws {
    _ = issue(key: "RSA_2048")
    caller.aws.withCloud { $0.options.omittedSummaryMembers = ["NotAfter", "KeyAlgorithm"] }
    let names = try #require(list([:]).first?.members).map(\.name)
    #expect(!names.contains("NotAfter") && !names.contains("KeyAlgorithm"))
    #expect(names.contains("NotBefore"))
  }

  @Test(
    "timestamps are epoch seconds in one of two notations",
    arguments: [
      (1_790_000_000_123, "1.790000000123E9", "1790000000.123"),
      (1_790_000_000_000, "1.79E9", "1790000000.000"), (1000, "1.0E0", "1.000"),
      (-1500, "-1.5E0", "-1.500"), (7, "0.007", "0.007"), (0, "0.000", "0.000"),
    ] as [(Int64, String, String)])
  func timestamps(milliseconds: Int64, scientific: String, plain: String) {
    caller.aws.withCloud { cloud in
      cloud.options.timestamps = .scientific
      let instant = Instant(milliseconds: milliseconds)
      #expect(cloud.timestamp(instant) == .number(scientific))
      cloud.options.timestamps = .plain
      #expect(cloud.timestamp(instant) == .number(plain))
    }
    #expect(Double(scientific) == Double(milliseconds) / 1000)
  }

  @Test("a description writes RSA with a hyphen and the serial with colons")
  func description() throws {
    let arn = issue(0xabc, key: "RSA_2048")
    let certificate = try #require(
      caller.acm("DescribeCertificate", ["CertificateArn": .string(arn)]).json["Certificate"])
    #expect(certificate["KeyAlgorithm"]?.string == "RSA-2048")
    #expect(certificate["Serial"]?.string == "0a:bc")
    #expect(certificate["Status"]?.string == "ISSUED")
    #expect(certificate["InUseBy"]?.array == [])
  }

  @Test("an unknown, a malformed and a foreign ARN have different errors")
  func unknownCertificates() {
    func code(_ arn: String) -> String {
      caller.acm("GetCertificate", ["CertificateArn": .string(arn)]).code
    }
    let prefix = "arn:aws:acm:us-east-1:"
    #expect(code(prefix + "123456789012:certificate/none") == "ResourceNotFoundException")
    #expect(code("nonsense") == "InvalidArnException")
    #expect(code(prefix + "999999999999:certificate/x") == "AccessDeniedException")
    #expect(caller.acm("DescribeCertificate").code == "ValidationException")
  }

  @Test("a pending certificate has no body until it is issued")
  func pending() throws {
    let arn = issue(isPending: true)
    let body: JSONValue = ["CertificateArn": .string(arn)]
    #expect(caller.acm("GetCertificate", body).code == "RequestInProgressException")
    let description = caller.acm("DescribeCertificate", body).json["Certificate"]
    #expect(description?["Status"]?.string == "PENDING_VALIDATION")
    #expect(description?["NotAfter"] == nil)
    try caller.aws.withCloud { try $0.reissue(arn, as: .numbered(5), at: start + .minutes(3)) }
    let later = start + .minutes(4)
    #expect(caller.acm("GetCertificate", body, at: later).json["Certificate"]?.string == "leaf 5")
    let after = caller.acm("DescribeCertificate", body, at: later).json["Certificate"]
    #expect(after?["IssuedAt"]?.double == Double((start + .minutes(3)).milliseconds) / 1000)
  }

  @Test("a certificate expires at NotAfter, unless it is revoked or failed")
  func statusOverTime() throws {
    let arn = issue(key: "RSA_2048")
    let end = start + .days(80)
    func status(_ now: Instant) -> String? { list([:], at: now).first?["Status"]?.string }
    #expect(status(end - .milliseconds(1)) == "ISSUED")
    #expect(status(end) == "EXPIRED")
    try caller.aws.withCloud { try $0.revoke(arn, at: start) }
    #expect(status(end) == "REVOKED")
    try caller.aws.withCloud { try $0.set(.failed, of: arn) }
    #expect(status(start) == "FAILED")
    #expect(list(["CertificateStatuses": ["ISSUED"]]).isEmpty)
    #expect(list(["CertificateStatuses": ["FAILED"]]).count == 1)
  }

  @Test("a renewal and a second import keep the ARN and have a new leaf")
  func renewal() throws {
    let renewed = issue(1, key: "RSA_2048")
    let imported = issue(2, key: "RSA_2048", type: "IMPORTED")
    let later = start + .days(30)
    try caller.aws.withCloud {
      for (number, arn) in [renewed, imported].enumerated() {
        try $0.reissue(
          arn, as: .numbered(10 + number, from: later, to: later + .days(90)), at: later)
      }
    }
    let summaries = list([:], at: later)
    #expect(summaries.map { $0["CertificateArn"]?.string } == [renewed, imported])
    let seconds = Double(start.milliseconds) / 1000
    #expect(summaries[0]["CreatedAt"]?.double == seconds)
    #expect(summaries[0]["NotBefore"]?.double == Double(later.milliseconds) / 1000)
    #expect(summaries[1]["ImportedAt"]?.double == Double(later.milliseconds) / 1000)
    let body: JSONValue = ["CertificateArn": .string(renewed)]
    let detail = caller.acm("DescribeCertificate", body, at: later).json["Certificate"]
    #expect(detail?["RenewalSummary"]?["RenewalStatus"]?.string == "SUCCESS")
  }

  @Test("tags have a hundred certificates on a page, and are filtered by key and value")
  func tagging() throws {
    let arns = (1...101).map { issue($0, tags: ["app": $0 % 2 == 0 ? "login" : "other"]) }
    _ = issue(200)
    let filter: JSONValue = ["ResourceTypeFilters": ["acm:certificate"]]
    let first = caller.resources(filter).json
    #expect(first["ResourceTagMappingList"]?.array?.count == 100)
    let token = try #require(first["PaginationToken"]?.string)
    let second = caller.resources([
      "ResourceTypeFilters": ["acm:certificate"], "PaginationToken": .string(token),
    ]).json
    let rest = try #require(second["ResourceTagMappingList"]?.array)
    #expect(rest.map { $0["ResourceARN"]?.string } == [arns[100]])
    #expect(second["PaginationToken"]?.string == "")
    let login = caller.resources(["TagFilters": [["Key": "app", "Values": ["login"]]]]).json
    #expect(login["ResourceTagMappingList"]?.array?.count == 50)
    let s3 = caller.resources(["ResourceTypeFilters": ["s3"]]).json
    #expect(s3["ResourceTagMappingList"]?.array == [])
    #expect(caller.resources(["PaginationToken": "x"]).code == "PaginationTokenExpiredException")
    let tags = caller.acm("ListTagsForCertificate", ["CertificateArn": .string(arns[1])]).json
    #expect(tags.canonical == #"{"Tags":[{"Key":"app","Value":"login"}]}"#)
  }

  @Test("an account and region sees only its own certificates")
  func isolation() {
    _ = issue(key: "RSA_2048")
    caller.aws.withCloud {
      $0.add(FakeAccessKey(id: "AKIDOTHER", secret: "s", account: "999999999999"))
      _ = $0.issue(
        CertificateOrder(
          account: caller.account, names: ["x.example.com"], material: .numbered(9),
          region: "eu-west-1", keyAlgorithm: "RSA_2048"), at: start)
    }
    #expect(list([:]).count == 1)
    var other = caller
    other.keyID = "AKIDOTHER"
    other.secret = "s"
    #expect(other.acm("ListCertificates").json["CertificateSummaryList"]?.array == [])
  }
}
