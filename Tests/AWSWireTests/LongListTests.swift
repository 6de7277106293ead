import LosslessJSON
import Reconciliation
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Lists with many pages")
struct LongListTests {
  /// The two lists that have pages.
  enum List: CaseIterable {
    case certificates, tags

    /// A page with the certificates `ids`, and a token unless it is the last page.
    func page(_ ids: some Sequence<Int>, token: String?) -> ScriptedTransport.Reply {
      let arns = ids.map { "arn:aws:acm:us-east-1:123456789012:certificate/\($0)" }
      switch self {
      case .certificates:
        let items = arns.map { "{\"CertificateArn\":\"\($0)\"}" }.joined(separator: ",")
        let next = token.map { ",\"NextToken\":\"\($0)\"" } ?? ""
        return .json("{\"CertificateSummaryList\":[\(items)]\(next)}")
      case .tags:
        let items = arns.map { "{\"ResourceARN\":\"\($0)\",\"Tags\":[]}" }.joined(separator: ",")
        return .json(
          "{\"ResourceTagMappingList\":[\(items)],\"PaginationToken\":\"\(token ?? "")\"}")
      }
    }

    /// The number of items, or the failure.
    func read(_ aws: ScriptedAWS) async -> Result<Int, Failure> {
      switch self {
      case .certificates:
        switch await aws.client.listCertificates(as: Example.identity) {
        case .seen(let certificates): .success(certificates.count)
        case .unseen(let failure): .failure(failure)
        }
      case .tags:
        switch await aws.client.certificateTags(as: Example.identity, having: [["app"]]) {
        case .seen(let tags): .success(tags.count)
        case .unseen(let failure): .failure(failure)
        }
      }
    }
  }

  private func aws(
    requestTime: Duration = .zero,
    _ reply: @escaping @Sendable (Int) -> ScriptedTransport.Reply?
  ) throws -> ScriptedAWS {
    try ScriptedAWS(transport: ScriptedTransport(reply), requestTime: requestTime)
  }

  private func message(_ result: Result<Int, Failure>) -> String? {
    if case .failure(let failure) = result { failure.message } else { nil }
  }

  @Test("A list of 5,000 certificates with one on each page is complete", arguments: List.allCases)
  func shortPages(list: List) async throws {
    let aws = try aws { list.page([$0], token: $0 < 4999 ? "t\($0)" : nil) }
    #expect(await list.read(aws) == .success(5000))
  }

  @Test("Empty pages with a token do not end a list", arguments: List.allCases)
  func emptyPages(list: List) async throws {
    let aws = try aws { list.page($0 == 200 ? [1] : [], token: $0 < 200 ? "t\($0)" : nil) }
    #expect(await list.read(aws) == .success(1))
  }

  @Test("A page token that repeats ends a list with a failure", arguments: List.allCases)
  func repeatedToken(list: List) async throws {
    let aws = try aws { list.page([$0], token: ["a", "b", "a", "c"][$0 % 4]) }
    #expect(message(await list.read(aws)) == "a page token repeats an earlier one")
    #expect(aws.transport.requests.count == 3)
  }

  @Test("A list that repeats its items without end is a failure", arguments: List.allCases)
  func nothingNew(list: List) async throws {
    let aws = try aws { list.page(1...3, token: "t\($0)") }
    #expect(
      message(await list.read(aws)) == "250 pages in a row of the list had nothing new")
    #expect(aws.transport.requests.count == 251)
  }

  @Test("A list with more items than any account has is a failure", arguments: List.allCases)
  func items(list: List) async throws {
    let aws = try aws { list.page($0 * 1000..<$0 * 1000 + 1000, token: "t\($0)") }
    #expect(message(await list.read(aws)) == "the list has more than 50000 items")
    #expect(aws.transport.requests.count == 51)
  }

  @Test("A list that takes longer than five minutes is a failure", arguments: List.allCases)
  func time(list: List) async throws {
    let aws = try aws(requestTime: .seconds(10)) { list.page([$0], token: "t\($0)") }
    let result = await list.read(aws)
    #expect(message(result) == "the list was not complete after 5 minutes")
    if case .failure(let failure) = result { #expect(failure.kind == .answerLost) }
    #expect(aws.transport.requests.count == 30)
  }

  @Test("A list of 100 pages that take one second each is complete", arguments: List.allCases)
  func slowPages(list: List) async throws {
    let aws = try aws(requestTime: .seconds(1)) {
      list.page([$0], token: $0 < 99 ? "t\($0)" : nil)
    }
    #expect(await list.read(aws) == .success(100))
  }

  @Test("Every page of a list is a sign of life", arguments: List.allCases)
  func signsOfLife(list: List) async throws {
    let aws = try aws(requestTime: .seconds(1)) {
      list.page([$0], token: $0 < 24 ? "t\($0)" : nil)
    }
    #expect(await list.read(aws) == .success(25))
    #expect(aws.signsOfLife == 25)
  }

  @Test("Every attempt of a request is a sign of life, also one without an answer")
  func attempts() async throws {
    let read = try ScriptedAWS([
      .error("ThrottlingException"), .failure(.answerLost("m")),
      .json("{\"CertificateSummaryList\":[]}"),
    ])
    #expect(await read.client.listCertificates(as: Example.identity) == .seen([]))
    #expect(read.signsOfLife == 3)
    let change = try ScriptedAWS([.error("InternalErrorException", status: 500)])
    _ = await change.client.updateDomain(try Example.update())
    #expect(change.signsOfLife == 1)
  }
}
