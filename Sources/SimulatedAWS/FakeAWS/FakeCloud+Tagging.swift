import LosslessJSON
import RolloutCore

extension FakeCloud {
  func performTagging(_ call: CallContext) throws(ServiceError) -> Reply {
    switch call.request.operation {
    case "GetResources": return .json(try getResources(call))
    default: throw .unknownOperation
    }
  }

  /// The valid values of `ResourcesPerPage`.
  static let resourcePageSizes: ClosedRange<Int64> = 1...100
  static let maximumTagFilters = 50

  /// The certificates that have tags. Others are not listed.
  private func getResources(_ call: CallContext) throws(ServiceError) -> JSONValue {
    let types = call.body["ResourceTypeFilters"]?.array?.compactMap(\.string)
    let filters = call.body["TagFilters"]?.array ?? []
    guard filters.count <= FakeCloud.maximumTagFilters else {
      throw .invalidParameter("TagFilters: at most \(FakeCloud.maximumTagFilters) are allowed")
    }
    let size = try pageSize(
      call.body["ResourcesPerPage"], name: "resourcesPerPage",
      allowed: FakeCloud.resourcePageSizes)
    let coversCertificates = types.map { $0.contains("acm:certificate") || $0.contains("acm") }
    var matching: [FakeCertificate] = []
    if coversCertificates ?? true {
      matching = (certificatesOfAccount[call.account] ?? []).compactMap { certificates[$0] }
        .filter { certificate in
          certificate.region == call.region && certificate.deletedAt == nil
            && !certificate.tags.isEmpty && filters.allSatisfy { has(certificate, $0) }
        }
    }
    var endless: String?
    var start = 0
    if let token = call.body["PaginationToken"]?.string, !token.isEmpty {
      endless = FaultAnswer.endlessToken(after: token)
      if endless == nil {
        start = try resume(token, in: matching, filter: call.body["TagFilters"]?.canonical ?? "")
      }
    }
    let end = min(matching.count, start + size)
    var next = endless ?? ""
    if endless == nil, end < matching.count {
      next = PageToken.text(
        matching[end].sequence, purpose: "resources",
        filter: call.body["TagFilters"]?.canonical ?? "")
    }
    let resources = matching[start..<end].map { certificate in
      JSONValue.object([
        .init("ResourceARN", .string(certificate.arn)),
        .init("Tags", FakeCloud.tagList(certificate.tags)),
      ])
    }
    return .object([
      .init("PaginationToken", .string(next)),
      .init("ResourceTagMappingList", .array(resources)),
    ])
  }

  private func resume(
    _ token: String, in matching: [FakeCertificate], filter: String
  ) throws(ServiceError) -> Int {
    guard let position = try? PageToken.position(token, purpose: "resources", filter: filter) else {
      throw ServiceError(
        "PaginationTokenExpiredException", "The pagination token is not valid or has expired.")
    }
    return matching.firstIndex { $0.sequence >= position } ?? matching.count
  }

  private func has(_ certificate: FakeCertificate, _ filter: JSONValue) -> Bool {
    guard let key = filter["Key"]?.string, let value = certificate.tags[key] else { return false }
    let values = filter["Values"]?.array?.compactMap(\.string) ?? []
    return values.isEmpty || values.contains(value)
  }
}
