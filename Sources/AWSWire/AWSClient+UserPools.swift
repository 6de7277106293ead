import LosslessJSON
package import RolloutCore

/// The user pools that an identity sees in one region.
package struct UserPoolList: Equatable, Sendable {
  /// Entries whose id is missing or is none.
  package var malformed = 0
  /// Why the list is not complete; nil when it is.
  package var failure: Failure?
}

/// What DescribeUserPool says about the custom domain of a pool.
package enum PoolDomain: Equatable, Sendable {
  case custom(DomainName)
  /// It has none, or a prefix domain only.
  case absent
}

/// Finding the custom domains that there are. The daemon does not use these operations, because its
/// configuration names the domains.
extension AWSClient {
  /// Calls `found` with every user pool, in the order of the answers, as soon as its page has arrived.
  package func listUserPools(
    in region: Region, as identity: Identity, found: (UserPoolID) -> Void
  ) async -> UserPoolList {
    var list = UserPoolList()
    var seen: Set<UserPoolID> = []
    do throws(Failure) {
      try await pages { token in
        var body: [JSONValue.Member] = [
          .init("MaxResults", JSONValue(AWSClient.maximumPoolsOnPage))
        ]
        if let token { body.append(.init("NextToken", .string(token))) }
        return cognito(
          "ListUserPools", on: "\(identity), \(region)", .object(body), in: region, as: identity,
          maximumBodySize: WireCall.maximumPage)
      } read: { (page) throws(MemberReader.Problem) in
        let content = try UserPoolAnswers.page(page)
        list.malformed += content.malformed
        let new = content.pools.filter { seen.insert($0).inserted }
        new.forEach(found)
        return ReadPage(token: content.token, newItems: new.count)
      }
    } catch {
      list.failure = error
    }
    return list
  }

  /// The custom domain of a pool; `.seen(.absent)` also for a pool that was deleted meanwhile.
  package func customDomain(
    of pool: UserPoolID, in region: Region, as identity: Identity
  ) async -> Look<PoolDomain> {
    let call = cognito(
      "DescribeUserPool", on: pool.text, ["UserPoolId": .string(pool.text)], in: region,
      as: identity)
    do throws(Failure) {
      let answer = try await client.object(from: call)
      do throws(MemberReader.Problem) {
        return .seen(try UserPoolAnswers.domain(answer.value, of: pool))
      } catch {
        throw call.failure(.malformedAnswer, error.description, requestID: answer.requestID)
      }
    } catch {
      return error.kind == .notFound ? .seen(.absent) : .unseen(error)
    }
  }

  /// The most that ListUserPools takes.
  private static let maximumPoolsOnPage = 60

  private func cognito(
    _ operation: String, on object: String, _ body: JSONValue, in region: Region,
    as identity: Identity, maximumBodySize: Int = WireCall.maximumSingle
  ) -> WireCall {
    WireCall(
      service: .cognito, region: region, identity: identity, operation: operation, object: object,
      payload: .json(body), effect: .read, maximumBodySize: maximumBodySize)
  }
}
