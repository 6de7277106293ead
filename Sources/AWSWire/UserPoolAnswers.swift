import LosslessJSON
import RolloutCore

/// Reads the answers of ListUserPools and DescribeUserPool.
enum UserPoolAnswers {
  struct Page {
    let pools: [UserPoolID]
    /// Entries without an id that can be read. They must not hide the others.
    let malformed: Int
    let token: String?
  }

  static func page(_ answer: JSONValue) throws(MemberReader.Problem) -> Page {
    let page = try MemberReader(answer, at: "the answer")
    guard let items = try page.list("UserPools") else {
      throw MemberReader.Problem(description: "the answer has no UserPools")
    }
    let pools = items.compactMap { $0["Id"]?.string.flatMap(poolID) }
    return Page(
      pools: pools, malformed: items.count - pools.count, token: try page.text("NextToken"))
  }

  static func domain(
    _ answer: JSONValue, of pool: UserPoolID
  ) throws(MemberReader.Problem) -> PoolDomain {
    guard let detail = try MemberReader(answer, at: "the answer").object("UserPool") else {
      throw MemberReader.Problem(description: "the answer has no UserPool")
    }
    if let echoed = try detail.text("Id"), echoed != pool.text {
      throw MemberReader.Problem(description: "the answer is about another user pool")
    }
    guard let text = try detail.text("CustomDomain"), !text.isEmpty else { return .absent }
    do throws(MalformedIdentifier) {
      return .custom(try DomainName(parsing: text))
    } catch {
      throw MemberReader.Problem(
        description: "UserPool.CustomDomain is malformed: \(error.problem)")
    }
  }

  private static func poolID(_ text: String) -> UserPoolID? {
    do throws(MalformedIdentifier) {
      return try UserPoolID(parsing: text)
    } catch {
      return nil
    }
  }
}
