import LosslessJSON
import Reconciliation
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Certificates from ACM")
struct CertificateCallTests {
  private func list(_ replies: [ScriptedTransport.Reply]) async throws -> Look<[Certificate]> {
    try await ScriptedAWS(replies).client.listCertificates(as: Example.identity)
  }

  private func page(_ items: String, token: String? = nil) -> ScriptedTransport.Reply {
    let next = token.map { ",\"NextToken\":\"\($0)\"" } ?? ""
    return .json("{\"CertificateSummaryList\":[\(items)]\(next)}")
  }

  private func item(_ id: String, _ more: String = "") -> String {
    "{\"CertificateArn\":\"arn:aws:acm:us-east-1:123456789012:certificate/\(id)\"\(more)}"
  }

  private let full = """
    ,"DomainName":"example.com","Status":"ISSUED","Type":"AMAZON_ISSUED",
    "KeyAlgorithm":"EC_prime256v1","NotBefore":1795469811,"NotAfter":1795469812.5,
    "CreatedAt":1795469813,"IssuedAt":"2026-11-23T21:36:51Z","ImportedAt":null,
    "ManagedBy":"CLOUDFRONT","InUse":true,"Unknown":{"a":[1]},
    "SubjectAlternativeNameSummaries":["example.com","*.example.com"],
    "HasAdditionalSubjectAlternativeNames":false
    """

  @Test("Every key type and every page is requested")
  func paging() async throws {
    let aws = try ScriptedAWS([
      page(item("a"), token: "t1"), page("", token: "t2"), page(item("b") + "," + item("c")),
    ])
    let look = await aws.client.listCertificates(as: Example.identity)
    #expect(
      look.value?.map(\.arn) == [
        try Example.arn("a"), try Example.arn("b"), try Example.arn("c"),
      ])
    let first = """
      {"Includes":{"keyTypes":["RSA_1024","RSA_2048","RSA_3072","RSA_4096","EC_prime256v1",\
      "EC_secp384r1","EC_secp521r1"]},"MaxItems":1000
      """
    #expect(
      aws.transport.bodies == [
        first + "}", first + ",\"NextToken\":\"t1\"}", first + ",\"NextToken\":\"t2\"}",
      ])
    let request = try #require(aws.transport.requests.first)
    #expect(request.url == "https://acm.us-east-1.amazonaws.com/")
    #expect(request.maximumBodySize == 8 << 20)
    #expect(
      request.headers.contains(Header("X-Amz-Target", "CertificateManager.ListCertificates")))
  }

  @Test("Every member of a summary is read")
  func summary() async throws {
    let certificate = try #require(try await list([page(item("a", full))]).value?.first)
    #expect(
      certificate
        == Certificate(
          arn: try Example.arn("a"), status: .issued, type: .amazonIssued,
          keyAlgorithm: KeyAlgorithm("EC_prime256v1"), primaryName: "example.com",
          names: ["example.com", "*.example.com"], namesAreComplete: true,
          notBefore: Instant(milliseconds: 1_795_469_811_000),
          notAfter: Instant(milliseconds: 1_795_469_812_500),
          createdAt: Instant(milliseconds: 1_795_469_813_000),
          issuedAt: Instant(milliseconds: 1_795_469_811_000), managedBy: "CLOUDFRONT",
          isInUse: true))
  }

  @Test(
    "The names are complete only when the summary says so",
    arguments: [
      (
        "\"SubjectAlternativeNameSummaries\":[\"b\"],"
          + "\"HasAdditionalSubjectAlternativeNames\":false",
        true
      ),
      (
        "\"SubjectAlternativeNameSummaries\":[\"b\"],"
          + "\"HasAdditionalSubjectAlternativeNames\":true",
        false
      ),
      ("\"SubjectAlternativeNameSummaries\":[\"b\"]", false),
      ("\"HasAdditionalSubjectAlternativeNames\":false", false),
    ])
  func names(members: String, isComplete: Bool) async throws {
    let look = try await list([page(item("a", ",\"DomainName\":\"a\",\(members)"))])
    #expect(look.value?.first?.namesAreComplete == isComplete)
    #expect(look.value?.first?.names.first == "a")
  }

  @Test("A certificate that two pages list is one certificate")
  func shifted() async throws {
    let look = try await list([
      page(item("a") + "," + item("b"), token: "t"), page(item("b", full)),
    ])
    #expect(look.value?.map(\.status) == [nil, .issued])
  }

  @Test(
    "A malformed summary does not hide the other certificates",
    arguments: [
      ("{\"CertificateArn\":\"nonsense\"}", 1), ("{}", 1), ("null", 1), ("[]", 1), ("1", 1),
      ("{\"CertificateArn\":1}", 1),
    ])
  func strange(odd: String, count: Int) async throws {
    #expect(try await list([page(odd + "," + item("a", full))]).value?.count == count)
  }

  @Test(
    "A summary with a member of the wrong type is kept with only its ARN",
    arguments: [
      "\"Status\":1", "\"NotAfter\":\"soon\"", "\"NotAfter\":1e300", "\"DomainName\":{}",
      "\"SubjectAlternativeNameSummaries\":\"a\"", "\"SubjectAlternativeNameSummaries\":[1]",
      "\"HasAdditionalSubjectAlternativeNames\":\"false\"", "\"KeyAlgorithm\":[]",
    ])
  func wrongType(member: String) async throws {
    let look = try await list([page(item("a", ",\"Type\":\"IMPORTED\",\(member)"))])
    #expect(look == .seen([Certificate(arn: try Example.arn("a"))]))
  }

  @Test(
    "A malformed answer is a failure and never an empty list",
    arguments: [
      "{}", "[]", "null", "\"\"", "{\"CertificateSummaryList\":null}",
      "{\"CertificateSummaryList\":{}}", "{\"CertificateSummaryList\":[],\"NextToken\":1}",
      "{\"CertificateSummaryList\":[", "", "<html></html>", "OK",
    ])
  func wrongShape(body: String) async throws {
    let failure = try await list([.json(body)]).failure
    #expect(failure?.kind == .malformedAnswer)
    #expect(failure?.operation == "ListCertificates")
    #expect(failure?.requestID == "r-1")
  }

  @Test("A failure on a later page is the failure of the list")
  func laterPage() async throws {
    let look = try await list([page(item("a"), token: "t"), .error("AccessDeniedException")])
    #expect(look.failure?.kind == .accessDenied)
  }

  @Test("Every member of a description is read, and an absent one stays absent")
  func describe() async throws {
    let arn = try Example.arn("a")
    func described(_ members: String, _ id: String = "a") async throws -> Look<Certificate?> {
      try await ScriptedAWS([.json("{\"Certificate\":\(item(id, members))}")])
        .client.describeCertificate(arn, as: Example.identity)
    }
    let look = try await described(
      """
      ,"Status":"ISSUED","Type":"IMPORTED","KeyAlgorithm":"RSA-2048","DomainName":"a.example.com",
      "SubjectAlternativeNames":["b.example.com"],"Serial":"0a:1b","ImportedAt":1795469811
      """)
    #expect(
      look
        == .seen(
          Certificate(
            arn: arn, status: .issued, type: .imported, keyAlgorithm: KeyAlgorithm("RSA_2048"),
            primaryName: "a.example.com", names: ["a.example.com", "b.example.com"],
            namesAreComplete: true, importedAt: Instant(milliseconds: 1_795_469_811_000),
            serial: "0a:1b", isDescribed: true)))
    for (members, id) in [("", "a"), (",\"Status\":\"ISSUED\"", "b"), (",\"Status\":1", "a")] {
      #expect(try await described(members, id).failure?.kind == .malformedAnswer)
    }
  }

  @Test("A certificate that ACM does not know is gone; any other failure says nothing")
  func gone() async throws {
    func described(_ reply: ScriptedTransport.Reply) async throws -> Look<Certificate?> {
      try await ScriptedAWS([reply]).client.describeCertificate(
        try Example.arn(), as: Example.identity)
    }
    #expect(try await described(.error("ResourceNotFoundException")) == .seen(nil))
    for code in ["InvalidArnException", "AccessDeniedException", "ValidationException"] {
      #expect(try await described(.error(code)).failure != nil)
    }
    #expect(try await described(.json("{}")).failure?.kind == .malformedAnswer)
  }

  @Test("GetCertificate returns the leaf and its chain, or says that it is not issued yet")
  func pem() async throws {
    func got(_ reply: ScriptedTransport.Reply) async throws -> Look<CertificatePEM> {
      try await ScriptedAWS([reply]).client.certificatePEM(
        try Example.arn(), as: Example.identity)
    }
    #expect(
      try await got(.json("{\"Certificate\":\"leaf\",\"CertificateChain\":\"chain\"}"))
        == .seen(CertificatePEM(certificate: "leaf", chain: "chain")))
    #expect(
      try await got(.json("{\"Certificate\":\"leaf\"}"))
        == .seen(CertificatePEM(certificate: "leaf", chain: "")))
    #expect(try await got(.error("RequestInProgressException")).failure?.kind == .notReady)
    for body in ["{}", "{\"Certificate\":\"\"}", "{\"Certificate\":1}"] {
      #expect(try await got(.json(body)).failure?.kind == .malformedAnswer)
    }
  }

  @Test("The tags of every page are read, without malformed items")
  func tags() async throws {
    func mapping(_ id: String, _ tags: String) -> String {
      "{\"ResourceARN\":\"arn:aws:acm:us-east-1:123456789012:certificate/\(id)\",\"Tags\":\(tags)}"
    }
    let two = "[{\"Key\":\"app\",\"Value\":\"login\"},{\"Key\":\"x\"}]"
    let aws = try ScriptedAWS([
      .json(
        """
        {"ResourceTagMappingList":[\(mapping("a", two)),
        {"ResourceARN":"arn:aws:s3:::bucket","Tags":[]},\(mapping("bad", "[{\"Key\":1}]"))],
        "PaginationToken":"next"}
        """),
      .json("{\"ResourceTagMappingList\":[\(mapping("b", "[]"))],\"PaginationToken\":\"\"}"),
    ])
    let look = await aws.client.certificateTags(as: Example.identity, having: [["app"]])
    #expect(
      look == .seen([try Example.arn("a"): ["app": "login", "x": ""], try Example.arn("b"): [:]]))
    #expect(
      aws.transport.bodies
        == ["", "next"].map { token in
          "{\"ResourceTypeFilters\":[\"acm:certificate\"],\"ResourcesPerPage\":100,"
            + "\"TagFilters\":[{\"Key\":\"app\"}],\"PaginationToken\":\"\(token)\"}"
        })
    #expect(
      aws.transport.requests.first?.headers.contains(
        Header("X-Amz-Target", "ResourceGroupsTaggingAPI_20170126.GetResources")) == true)
    let wrong = try await ScriptedAWS([.json("{}")]).client.certificateTags(
      as: Example.identity, having: [["app"]])
    #expect(wrong.failure?.kind == .malformedAnswer)
  }
}
