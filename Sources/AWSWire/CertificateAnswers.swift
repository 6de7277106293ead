import LosslessJSON
import Reconciliation
import RolloutCore

/// Reads the answers of ACM and the tagging service.
enum CertificateAnswers {
  /// The certificates on a page of ListCertificates, and the token of the next page.
  ///
  /// A malformed item must not hide the others. An item with a member of the wrong type is kept with
  /// only its ARN, so that its description is requested. An item without a valid ARN is left out.
  static func page(
    _ answer: JSONValue
  ) throws(MemberReader.Problem) -> (certificates: [Certificate], token: String?) {
    let page = try MemberReader(answer, at: "the answer")
    guard let items = try page.list("CertificateSummaryList") else {
      throw MemberReader.Problem(description: "the answer has no CertificateSummaryList")
    }
    return (items.compactMap(summary), try page.text("NextToken"))
  }

  private static func summary(_ item: JSONValue) -> Certificate? {
    guard let arn = item["CertificateArn"]?.string.flatMap(certificateARN) else { return nil }
    do throws(MemberReader.Problem) {
      let summary = try MemberReader(item, at: "a summary")
      var certificate = try commonMembers(of: summary, arn: arn)
      let names = try summary.texts("SubjectAlternativeNameSummaries")
      certificate.names = all(names ?? [], including: certificate.primaryName)
      let hasMore = try summary.flag("HasAdditionalSubjectAlternativeNames")
      certificate.namesAreComplete = names != nil && hasMore == false
      certificate.isInUse = summary["InUse"]?.bool
      return certificate
    } catch {
      return Certificate(arn: arn)
    }
  }

  /// The answer of DescribeCertificate.
  static func description(
    _ answer: JSONValue, of arn: CertificateARN
  ) throws(MemberReader.Problem) -> Certificate {
    guard let detail = try MemberReader(answer, at: "the answer").object("Certificate") else {
      throw MemberReader.Problem(description: "the answer has no Certificate")
    }
    guard let echoed = try detail.text("CertificateArn"), echoed == arn.text else {
      throw MemberReader.Problem(description: "the answer is about another certificate")
    }
    var certificate = try commonMembers(of: detail, arn: arn)
    guard certificate.status != nil else {
      throw MemberReader.Problem(description: "Certificate.Status is missing")
    }
    let names = try detail.texts("SubjectAlternativeNames") ?? []
    certificate.names = all(names, including: certificate.primaryName)
    certificate.namesAreComplete = true
    certificate.serial = try detail.text("Serial")
    // No decision depends on it, so that a malformed list of users hides nothing else.
    certificate.users = detail["InUseBy"]?.array?.count
    certificate.isDescribed = true
    return certificate
  }

  private static func commonMembers(
    of reader: MemberReader, arn: CertificateARN
  ) throws(MemberReader.Problem) -> Certificate {
    Certificate(
      arn: arn, status: try reader.text("Status").map(CertificateStatus.init),
      type: try reader.text("Type").map(CertificateType.init),
      keyAlgorithm: try reader.text("KeyAlgorithm").map(KeyAlgorithm.init),
      primaryName: try reader.text("DomainName"), notBefore: try reader.time("NotBefore"),
      notAfter: try reader.time("NotAfter"), createdAt: try reader.time("CreatedAt"),
      issuedAt: try reader.time("IssuedAt"), importedAt: try reader.time("ImportedAt"),
      managedBy: try reader.text("ManagedBy").flatMap { $0.isEmpty ? nil : $0 })
  }

  private static func all(_ names: [String], including primary: String?) -> [String] {
    guard let primary, !names.contains(primary) else { return names }
    return [primary] + names
  }

  private static func certificateARN(_ text: String) -> CertificateARN? {
    do throws(MalformedIdentifier) {
      return try CertificateARN(parsing: text)
    } catch {
      return nil
    }
  }

  /// The answer of GetCertificate. A certificate that was imported without a chain has none.
  static func pem(_ answer: JSONValue) throws(MemberReader.Problem) -> CertificatePEM {
    let reader = try MemberReader(answer, at: "the answer")
    guard let certificate = try reader.text("Certificate"), !certificate.isEmpty else {
      throw MemberReader.Problem(description: "the answer has no Certificate")
    }
    return CertificatePEM(
      certificate: certificate, chain: try reader.text("CertificateChain") ?? "")
  }

  /// The tags on a page of GetResources, and the token of the next page. A malformed item is left out.
  static func tags(
    _ answer: JSONValue
  ) throws(MemberReader.Problem) -> (tags: [CertificateARN: [String: String]], token: String?) {
    let page = try MemberReader(answer, at: "the answer")
    guard let items = try page.list("ResourceTagMappingList") else {
      throw MemberReader.Problem(description: "the answer has no ResourceTagMappingList")
    }
    var tags: [CertificateARN: [String: String]] = [:]
    for item in items {
      guard let arn = item["ResourceARN"]?.string.flatMap(certificateARN),
        let list = item["Tags"]?.array
      else { continue }
      let pairs = list.compactMap { tag in
        tag["Key"]?.string.map { ($0, tag["Value"]?.string ?? "") }
      }
      if pairs.count == list.count { tags[arn] = Dictionary(pairs) { $1 } }
    }
    return (tags, try page.text("PaginationToken"))
  }
}
