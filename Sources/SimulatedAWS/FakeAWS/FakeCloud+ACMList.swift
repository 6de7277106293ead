import LosslessJSON
import RolloutCore

extension FakeCloud {
  mutating func performACM(_ call: CallContext) throws(ServiceError) -> Reply {
    switch call.request.operation {
    case "ListCertificates": return .json(try listCertificates(call))
    case "DescribeCertificate": return .json(try describeCertificate(call))
    case "GetCertificate": return .json(try getCertificate(call))
    case "ListTagsForCertificate": return .json(try listTags(call))
    case "DeleteCertificate":
      try deleteCertificate(call)
      return .json([:], hadEffect: true)
    default: throw .unknownOperation
    }
  }

  /// The maximum number of names in a summary.
  static let namesInSummary = 100
  /// The valid values of `MaxItems`.
  static let pageSizes: ClosedRange<Int64> = 1...1000

  private func listCertificates(_ call: CallContext) throws(ServiceError) -> JSONValue {
    let filter = try CertificateFilter(call.body)
    let size = try pageSize(call.body["MaxItems"], name: "maxItems", allowed: FakeCloud.pageSizes)
    var matching = (certificatesOfAccount[call.account] ?? []).compactMap { certificates[$0] }
      .filter { certificate in
        certificate.region == call.region && certificate.deletedAt == nil
          && filter.admits(certificate, at: call.awsNow)
      }
    if let order = filter.order {
      matching.sort {
        order == .ascending ? $0.createdAt < $1.createdAt : $0.createdAt > $1.createdAt
      }
    }
    var endless: String?
    var start = 0
    if let token = call.body["NextToken"] {
      endless = token.string.flatMap(FaultAnswer.endlessToken)
      if endless == nil {
        let position = try PageToken.position(
          token.string, purpose: "certificates", filter: filter.text)
        start =
          filter.order == nil
          ? matching.firstIndex { $0.sequence >= position } ?? matching.count
          : min(position, matching.count)
      }
    }
    let end = min(matching.count, start + size)
    let used = inUseARNs(in: call.account, at: call.now)
    let summaries = matching[start..<end].map {
      summary(of: $0, isInUse: used.contains($0.arn), at: call.awsNow)
    }
    var members = [JSONValue.Member("CertificateSummaryList", .array(Array(summaries)))]
    if let endless {
      members.insert(.init("NextToken", .string(endless)), at: 0)
    } else if end < matching.count {
      let position = filter.order == nil ? matching[end].sequence : end
      let token = PageToken.text(position, purpose: "certificates", filter: filter.text)
      members.insert(.init("NextToken", .string(token)), at: 0)
    }
    return .object(members)
  }

  /// The size of a page: the requested one, limited by the options.
  func pageSize(
    _ asked: JSONValue?, name: String, allowed: ClosedRange<Int64>
  ) throws(ServiceError) -> Int {
    guard let asked else { return max(1, min(options.maximumPageSize, Int(allowed.upperBound))) }
    guard let number = asked.int else { throw .serialization }
    guard number >= allowed.lowerBound else {
      throw .validation(
        "1 validation error detected: Value '\(number)' at '\(name)' failed to satisfy "
          + "constraint: Member must have value greater than or equal to \(allowed.lowerBound)")
    }
    guard number <= allowed.upperBound else {
      throw .validation(
        "1 validation error detected: Value '\(number)' at '\(name)' failed to satisfy "
          + "constraint: Member must have value less than or equal to \(allowed.upperBound)")
    }
    return max(1, min(options.maximumPageSize, Int(number)))
  }

  private func summary(
    of certificate: FakeCertificate, isInUse: Bool, at now: Instant
  ) -> JSONValue {
    var members: [JSONValue.Member] = [
      .init("CertificateArn", .string(certificate.arn)),
      .init("DomainName", .string(certificate.names.first ?? "")),
    ]
    func add(_ name: String, _ value: JSONValue?) {
      guard let value, !options.omittedSummaryMembers.contains(name) else { return }
      members.append(.init(name, value))
    }
    func time(_ instant: Instant?) -> JSONValue? { instant.map(timestamp) }
    let names = certificate.names.prefix(FakeCloud.namesInSummary)
    add("SubjectAlternativeNameSummaries", .array(names.map(JSONValue.string)))
    add(
      "HasAdditionalSubjectAlternativeNames",
      .bool(certificate.names.count > FakeCloud.namesInSummary))
    add("Status", .string(certificate.status(at: now)))
    add("Type", .string(certificate.type))
    add("KeyAlgorithm", .string(certificate.keyAlgorithm))
    if certificate.current != nil {
      add("KeyUsages", ["DIGITAL_SIGNATURE"])
      add("ExtendedKeyUsages", ["TLS_WEB_SERVER_AUTHENTICATION"])
    }
    add("ExportOption", "DISABLED")
    add("InUse", .bool(isInUse))
    if certificate.type == "PRIVATE" { add("Exported", false) }
    add("RenewalEligibility", isInUse && certificate.type != "IMPORTED" ? "ELIGIBLE" : "INELIGIBLE")
    add("NotBefore", time(certificate.current?.notBefore))
    add("NotAfter", time(certificate.current?.notAfter))
    add("CreatedAt", time(certificate.createdAt))
    add("IssuedAt", time(certificate.issuedAt))
    add("ImportedAt", time(certificate.importedAt))
    add("RevokedAt", time(certificate.revokedAt))
    add("ManagedBy", certificate.managedBy.map(JSONValue.string))
    return .object(members)
  }

  /// Seconds since 1970 as a JSON number.
  func timestamp(_ instant: Instant) -> JSONValue {
    let text = String(instant.milliseconds.magnitude)
    let sign = instant.milliseconds < 0 ? "-" : ""
    switch options.timestamps {
    case .scientific:
      let digits = String(text.dropFirst())
      var fraction = digits
      while fraction.count > 1, fraction.hasSuffix("0") { fraction.removeLast() }
      let exponent = text.count - 4
      if exponent < 0 {
        let zeros = String(repeating: "0", count: 3 - text.count)
        return .number("\(sign)0.\(zeros)\(text)")
      }
      return .number("\(sign)\(text.prefix(1)).\(fraction.isEmpty ? "0" : fraction)E\(exponent)")
    case .plain:
      let padded = String(repeating: "0", count: max(0, 4 - text.count)) + text
      return .number("\(sign)\(padded.dropLast(3)).\(padded.suffix(3))")
    }
  }
}

/// The filter and the order of a list of certificates.
struct CertificateFilter {
  private let keyTypes: Set<String>
  private let statuses: Set<String>?
  private let managedBy: String?
  let order: Order?
  /// A text that is equal for equal filters. A page token is valid for one filter only.
  let text: String

  enum Order { case ascending, descending }

  /// The key types that a list shows by default.
  static let defaultKeyTypes: Set<String> = ["RSA_1024", "RSA_2048"]
  static let knownKeyTypes: Set<String> = [
    "RSA_1024", "RSA_2048", "RSA_3072", "RSA_4096", "EC_prime256v1", "EC_secp384r1",
    "EC_secp521r1",
  ]
  static let knownStatuses: Set<String> = [
    "PENDING_VALIDATION", "ISSUED", "INACTIVE", "EXPIRED", "VALIDATION_TIMED_OUT", "REVOKED",
    "FAILED",
  ]

  init(_ body: JSONValue) throws(ServiceError) {
    let includes = body["Includes"]
    let asked = try CertificateFilter.words(
      includes?["keyTypes"], "includes.keyTypes", CertificateFilter.knownKeyTypes)
    keyTypes = asked ?? CertificateFilter.defaultKeyTypes
    statuses = try CertificateFilter.words(
      body["CertificateStatuses"], "certificateStatuses", CertificateFilter.knownStatuses)
    managedBy = includes?["managedBy"]?.string
    switch (body["SortBy"]?.string, body["SortOrder"]?.string) {
    case (nil, nil): order = nil
    case ("CREATED_AT", "ASCENDING"): order = .ascending
    case ("CREATED_AT", "DESCENDING"): order = .descending
    default:
      throw .validation("SortBy and SortOrder must both be provided, with values of the model.")
    }
    text = [
      keyTypes.sorted().joined(separator: ","), statuses?.sorted().joined(separator: ",") ?? "",
      managedBy ?? "", order.map { "\($0)" } ?? "",
    ].joined(separator: "|")
  }

  private static func words(
    _ value: JSONValue?, _ name: String, _ known: Set<String>
  ) throws(ServiceError) -> Set<String>? {
    guard let value else { return nil }
    guard let elements = value.array else { throw .serialization }
    var words: Set<String> = []
    for element in elements {
      guard let word = element.string else { throw .serialization }
      guard known.contains(word) else {
        throw .validation(
          "1 validation error detected: Value '[\(word)]' at '\(name)' failed to satisfy "
            + "constraint: Member must satisfy constraint: [Member must satisfy enum value set: "
            + "[\(known.sorted().joined(separator: ", "))]]")
      }
      words.insert(word)
    }
    return words.isEmpty ? nil : words
  }

  func admits(_ certificate: FakeCertificate, at now: Instant) -> Bool {
    keyTypes.contains(certificate.keyAlgorithm)
      && (statuses?.contains(certificate.status(at: now)) ?? true)
      && (managedBy.map { $0 == certificate.managedBy } ?? true)
  }
}

/// An opaque position in a list, which is valid for one filter only.
enum PageToken {
  static func text(_ position: Int, purpose: String, filter: String) -> String {
    let checksum = SeededRandom(seed: 0x7061_6765).bits(purpose, filter, String(position))
    return String(position, radix: 36) + "." + String(checksum, radix: 36)
  }

  static func position(
    _ token: String?, purpose: String, filter: String
  ) throws(ServiceError) -> Int {
    guard let token, let digits = token.split(separator: ".").first,
      let position = Int(digits, radix: 36), position >= 0,
      text(position, purpose: purpose, filter: filter) == token
    else { throw .validation("The provided NextToken is not valid.") }
    return position
  }
}
