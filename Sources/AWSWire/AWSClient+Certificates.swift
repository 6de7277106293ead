import LosslessJSON
package import Reconciliation
package import RolloutCore

extension AWSClient: CertificatePort {
  package func listCertificates(as identity: Identity) async -> Look<[Certificate]> {
    var found: [CertificateARN: Certificate] = [:]
    var order: [CertificateARN] = []
    do throws(Failure) {
      try await pages { token in
        // Without keyTypes the list shows only RSA keys of up to 2,048 bits. Without
        // CertificateStatuses it shows every status, also unknown ones.
        var body: [JSONValue.Member] = [
          JSONValue.Member(
            "Includes", ["keyTypes": .array(KeyAlgorithm.all.map { .string($0.name) })]),
          JSONValue.Member("MaxItems", 1000),
        ]
        if let token { body.append(JSONValue.Member("NextToken", .string(token))) }
        return acm(
          "ListCertificates", on: identity.description, .object(body), as: identity,
          maximumBodySize: WireCall.maximumPage)
      } read: { (page) throws(MemberReader.Problem) in
        let (certificates, token) = try CertificateAnswers.page(page)
        let known = order.count
        for certificate in certificates {
          if found.updateValue(certificate, forKey: certificate.arn) == nil {
            order.append(certificate.arn)
          }
        }
        return ReadPage(token: token, newItems: order.count - known)
      }
    } catch {
      return .unseen(error)
    }
    return .seen(order.compactMap { found[$0] })
  }

  package func describeCertificate(
    _ arn: CertificateARN, as identity: Identity
  ) async -> Look<Certificate?> {
    let call = acm(
      "DescribeCertificate", on: arn.text, ["CertificateArn": .string(arn.text)], as: identity)
    do throws(Failure) {
      return .seen(
        try await read(call) { (answer) throws(MemberReader.Problem) in
          try CertificateAnswers.description(answer, of: arn)
        })
    } catch {
      return error.kind == .notFound ? .seen(nil) : .unseen(error)
    }
  }

  package func certificatePEM(
    _ arn: CertificateARN, as identity: Identity
  ) async -> Look<CertificatePEM> {
    let call = acm(
      "GetCertificate", on: arn.text, ["CertificateArn": .string(arn.text)], as: identity)
    do throws(Failure) {
      return .seen(
        try await read(call) { (answer) throws(MemberReader.Problem) in
          try CertificateAnswers.pem(answer)
        })
    } catch {
      return .unseen(error)
    }
  }

  package func certificateTags(
    as identity: Identity, having keys: [Set<String>]
  ) async -> Look<[CertificateARN: [String: String]]> {
    var tags: [CertificateARN: [String: String]] = [:]
    for set in keys {
      switch await certificateTags(as: identity, having: set) {
      case .seen(let found): tags.merge(found) { $1 }
      case .unseen(let failure): return .unseen(failure)
      }
    }
    return .seen(tags)
  }

  /// A resource must match every filter of a request, so that each set of keys is one of its own.
  private func certificateTags(
    as identity: Identity, having keys: Set<String>
  ) async -> Look<[CertificateARN: [String: String]]> {
    // More would be refused. Fewer keys select more certificates, and never one too few.
    let filters = keys.sorted().prefix(AWSClient.maximumTagFilters).map { key in
      ["Key": .string(key)] as JSONValue
    }
    var tags: [CertificateARN: [String: String]] = [:]
    do throws(Failure) {
      try await pages { token in
        WireCall(
          service: .tagging, region: .usEast1, identity: identity, operation: "GetResources",
          object: identity.description,
          payload: .json([
            "ResourceTypeFilters": ["acm:certificate"], "ResourcesPerPage": 100,
            "TagFilters": .array(filters),
            "PaginationToken": .string(token ?? ""),
          ]), effect: .read, maximumBodySize: WireCall.maximumPage)
      } read: { (page) throws(MemberReader.Problem) in
        let (tagged, token) = try CertificateAnswers.tags(page)
        let known = tags.count
        tags.merge(tagged) { $1 }
        return ReadPage(token: token, newItems: tags.count - known)
      }
    } catch {
      return .unseen(error)
    }
    return .seen(tags)
  }

  /// GetResources takes this many.
  private static let maximumTagFilters = 50

  private func acm(
    _ operation: String, on object: String, _ body: JSONValue, as identity: Identity,
    maximumBodySize: Int = WireCall.maximumSingle
  ) -> WireCall {
    WireCall(
      service: .acm, region: .usEast1, identity: identity, operation: operation, object: object,
      payload: .json(body), effect: .read, maximumBodySize: maximumBodySize)
  }

  private func read<Answer>(
    _ call: WireCall, _ decode: (JSONValue) throws(MemberReader.Problem) -> Answer
  ) async throws(Failure) -> Answer {
    let answer = try await client.object(from: call)
    do throws(MemberReader.Problem) {
      return try decode(answer.value)
    } catch {
      throw call.failure(.malformedAnswer, error.description, requestID: answer.requestID)
    }
  }
}
