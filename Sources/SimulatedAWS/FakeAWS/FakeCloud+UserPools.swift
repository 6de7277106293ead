import LosslessJSON
import RolloutCore

/// A user pool without a custom domain. It may have a prefix domain.
package struct FakeUserPool: Sendable {
  package var id: String
  package var region: String
  package var account: String
  package var prefixDomain: String?

  package init(id: String, region: String, account: String, prefixDomain: String? = nil) {
    self.id = id
    self.region = region
    self.account = account
    self.prefixDomain = prefixDomain
  }
}

extension FakeCloud {
  /// The valid values of `MaxResults`.
  private static let poolPageSizes: ClosedRange<Int64> = 1...60

  /// A pool as both operations show it.
  private struct Pool {
    let id: String
    var customDomain: String?
    var prefixDomain: String?
  }

  /// The pools of the caller's account and region, by their ids.
  private func pools(_ call: CallContext) -> [Pool] {
    let ofDomains = (domainsOfAccount[call.account] ?? []).compactMap { domains[$0] }
      .filter { $0.region == call.region }
      .map { Pool(id: $0.userPoolID, customDomain: $0.isDeleted ? nil : $0.name) }
    let others = otherPools.filter { $0.account == call.account && $0.region == call.region }
      .map { Pool(id: $0.id, prefixDomain: $0.prefixDomain) }
    return (ofDomains + others).sorted { $0.id < $1.id }
  }

  func listUserPools(_ call: CallContext) throws(ServiceError) -> JSONValue {
    guard call.body["MaxResults"] != nil else { throw missing("maxResults") }
    let size: Int
    do throws(ServiceError) {
      size = try pageSize(
        call.body["MaxResults"], name: "maxResults", allowed: FakeCloud.poolPageSizes)
    } catch {
      throw error.code == "ValidationException" ? .invalidParameter(error.message) : error
    }
    let pools = pools(call)
    var start = 0
    var endless: String?
    if let token = call.body["NextToken"] {
      endless = token.string.flatMap(FaultAnswer.endlessToken)
      if endless == nil {
        do throws(ServiceError) {
          start = min(
            try PageToken.position(token.string, purpose: "pools", filter: call.region),
            pools.count)
        } catch {
          throw .invalidParameter("Invalid nextToken.")
        }
      }
    }
    let end = min(pools.count, start + size)
    let items = pools[start..<end].map { pool in
      [
        "Id": .string(pool.id), "Name": .string("pool \(pool.id)"), "LambdaConfig": [:],
        "CreationDate": timestamp(call.awsNow - .days(365)),
        "LastModifiedDate": timestamp(call.awsNow - .days(30)),
      ] as JSONValue
    }
    var members = [JSONValue.Member("UserPools", .array(Array(items)))]
    if let endless {
      members.append(.init("NextToken", .string(endless)))
    } else if end < pools.count {
      let token = PageToken.text(end, purpose: "pools", filter: call.region)
      members.append(.init("NextToken", .string(token)))
    }
    return .object(members)
  }

  func describeUserPool(_ call: CallContext) throws(ServiceError) -> JSONValue {
    guard let id = call.body["UserPoolId"]?.string else { throw missing("userPoolId") }
    guard let pool = pools(call).first(where: { $0.id == id }) else {
      throw ServiceError("ResourceNotFoundException", "User pool \(id) does not exist.")
    }
    var members: [JSONValue.Member] = [
      .init("Id", .string(id)), .init("Name", .string("pool \(id)")),
      .init(
        "Arn", .string("arn:aws:cognito-idp:\(call.region):\(call.account):userpool/\(id)")),
      .init("CreationDate", timestamp(call.awsNow - .days(365))),
      .init("DeletionProtection", "ACTIVE"), .init("EstimatedNumberOfUsers", 1200),
    ]
    if let name = pool.customDomain { members.append(.init("CustomDomain", .string(name))) }
    if let prefix = pool.prefixDomain { members.append(.init("Domain", .string(prefix))) }
    return ["UserPool": .object(members)]
  }
}
