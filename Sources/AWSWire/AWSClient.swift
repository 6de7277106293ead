import LosslessJSON
import Reconciliation
import RolloutCore
package import Transport

/// The client for the AWS operations that this program uses: certificates and their tags in
/// us-east-1, Cognito's domains, and the caller's identity.
///
/// A process uses one, because it keeps credentials, the error of the clock and the retry quota.
package struct AWSClient: Sendable {
  let client: JSONClient
  let accounts = AccountNumbers()
  let uptime: @Sendable () -> Duration

  /// - Parameters:
  ///   - userAgent: for example `cognito-certd/1.2.3`.
  ///   - uptime: a clock that no one sets, for the time that a list takes.
  ///   - answered: called at every answer, and when there was none: a sign of life, with what the
  ///     metrics count; nil where another source of keys than AWS's API has answered.
  package init(
    transport: any HTTPTransport, credentials: CredentialCache, endpoints: Endpoints,
    clock: any WireClock, userAgent: String = "cognito-certd",
    uptime: @escaping @Sendable () -> Duration,
    answered: @escaping @Sendable (RequestResult?) -> Void
  ) {
    self.uptime = uptime
    client = JSONClient(
      transport: transport, credentials: credentials, endpoints: endpoints, clock: clock,
      userAgent: userAgent, accounts: accounts,
      answered: answered)
  }

  /// What `read` returns of a page.
  struct ReadPage {
    /// The token of the next page; nil or empty on the last one.
    let token: String?
    /// How many items no earlier page had.
    let newItems: Int
  }

  /// Requests one page after another and calls `read` with each. `call` makes a request from a token,
  /// which is nil for the first page.
  ///
  /// Pages may be short or empty. A list ends with a failure when it has too many items, takes too
  /// long, repeats a token, or goes on without anything new.
  func pages(
    of call: (_ token: String?) -> WireCall,
    read: (JSONValue) throws(MemberReader.Problem) -> ReadPage
  ) async throws(Failure) {
    let deadline = uptime() + AWSClient.maximumListTime
    var token: String?
    var seen: Set<String> = []
    var items = 0
    var pagesWithoutNews = 0
    while true {
      let page = call(token)
      let answer = try await client.object(from: page)
      func malformed(_ problem: String) -> Failure {
        page.failure(.malformedAnswer, problem, requestID: answer.requestID)
      }
      let content: ReadPage
      do throws(MemberReader.Problem) {
        content = try read(answer.value)
      } catch {
        throw malformed(error.description)
      }
      guard let next = content.token, !next.isEmpty else { return }
      token = next
      items += content.newItems
      pagesWithoutNews = content.newItems > 0 ? 0 : pagesWithoutNews + 1
      if !seen.insert(next).inserted { throw malformed("a page token repeats an earlier one") }
      if items > AWSClient.maximumItems {
        throw malformed("the list has more than \(AWSClient.maximumItems) items")
      }
      if pagesWithoutNews >= AWSClient.maximumPagesWithoutNews {
        throw malformed("\(pagesWithoutNews) pages in a row of the list had nothing new")
      }
      if uptime() >= deadline {
        let minutes = AWSClient.maximumListTime.components.seconds / 60
        throw page.failure(
          .answerLost, "the list was not complete after \(minutes) minutes",
          requestID: answer.requestID)
      }
    }
  }

  /// The items of one list. An account has up to 2,500 certificates by default.
  static let maximumItems = 50_000
  /// Services may answer with empty pages; at the rate of a list this is about half a minute.
  static let maximumPagesWithoutNews = 250
  /// The time of one list, in addition to the limits of each request.
  static let maximumListTime = Duration.minutes(5)
}
