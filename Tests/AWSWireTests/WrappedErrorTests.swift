import LosslessJSON
import Reconciliation
import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("CloudFront's errors inside Cognito's")
struct WrappedErrorTests {
  private func failure(
    _ message: String, code: String = "InvalidParameterException"
  ) async throws -> Failure? {
    let aws = try ScriptedAWS([.error(code, message)])
    guard case .failed(let failure) = await aws.client.updateDomain(try Example.update()) else {
      return nil
    }
    return failure
  }

  /// The forms in which SDKs and services write an error that they quote.
  private static let forms = [
    "(Service: AmazonCloudFront; Status Code: STATUS; Error Code: CODE; Request ID: 1-2)",
    "(Service: AmazonCloudFront; Error Code: CODE; Request ID: 1-2; Proxy: null)",
    "(Error Code: CODE; Request ID: 1-2; Status Code: STATUS; Service: AmazonCloudFront)",
    "(Service: CloudFront, Status Code: STATUS, Error Code: CODE, Request ID: 1-2)",
    "Error Code: CODE", "(errorCode=CODE)",
  ]

  @Test(
    "The code that CloudFront answered decides, in every form",
    arguments: [
      ("Throttling", 400, .throttled), ("ThrottlingException", 400, .throttled),
      ("TooManyRequestsException", 429, .throttled), ("SlowDown", 503, .throttled),
      ("RequestLimitExceeded", 400, .throttled), ("ServiceUnavailable", 503, .server),
      ("ServiceUnavailableException", 503, .server), ("InternalError", 500, .server),
      ("InternalFailure", 500, .server), ("RequestTimeout", 400, .server),
      ("PreconditionFailed", 412, .conflict), ("InvalidIfMatchVersion", 400, .conflict),
      ("AccessDenied", 403, .accessDenied), ("AccessDeniedException", 403, .accessDenied),
      ("InvalidViewerCertificate", 400, .certificateRejected),
      ("CNAMEAlreadyExists", 409, .refused(.cnameInUse)),
      ("ExpiredToken", 403, .credentials), ("NoSuchDistribution", 404, .refused(.invalidRequest)),
    ] as [(String, Int, Failure.Kind)])
  func codes(code: String, status: Int, expected: Failure.Kind) async throws {
    for form in WrappedErrorTests.forms {
      let quoted = form.replacing("CODE", with: code).replacing("STATUS", with: "\(status)")
      let message = "CloudFront says no. \(quoted)"
      #expect(try await failure(message)?.kind == expected, "\(message)")
    }
  }

  @Test(
    "Without a known code the status or the text decides",
    arguments: [
      ("m (Service: AmazonCloudFront; Status Code: 500; Request ID: 1)", .server),
      ("m (Service: AmazonCloudFront; Status Code: 599; Error Code: New)", .server),
      ("m (Service: AmazonCloudFront; Status Code: 503; Error Code: null)", .server),
      ("m (Service: AmazonCloudFront; Status Code: 429)", .throttled),
      ("m (Service: AmazonCloudFront; Status Code: 412)", .conflict),
      ("Rate exceeded (Service: CloudFront, Status Code: 400, Request ID: 1)", .throttled),
      ("Rate exceeded", .throttled), ("AccessDenied: no", .accessDenied),
      ("An error occurred (PreconditionFailed) when calling UpdateDistribution", .conflict),
      ("com.amazonaws.cloudfront.model.AccessDeniedException: m", .accessDenied),
      ("Access denied for operation 'UpdateDistribution'.", .accessDenied),
      (
        "m (Service: AmazonCloudFront; Status Code: 400; Error Code: New)",
        .refused(.invalidRequest)
      ),
      ("Throttling is a word here", .refused(.invalidRequest)),
    ] as [(String, Failure.Kind)])
  func withoutCode(message: String, expected: Failure.Kind) async throws {
    #expect(try await failure(message)?.kind == expected)
  }

  private static let trusted =
    "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a "
    + "trusted certificate that validates your authorization to use the domain name."
  private static let taken =
    "One or more of the CNAMEs you provided are already associated with a different resource."
  private static let elsewhere =
    "One or more aliases specified for the distribution includes an incorrectly configured DNS "
    + "record that points to another CloudFront distribution. You must update the DNS record to "
    + "correct the problem."

  @Test(
    "A refused certificate, a name in use and a wrong DNS record have reasons of their own",
    arguments: [
      (trusted, .certificateRejected), (taken, .refused(.cnameInUse)),
      (elsewhere, .refused(.dnsPointsElsewhere)),
      (
        "The CNAME you specified is already associated with another distribution.",
        .refused(.cnameInUse)
      ),
    ] as [(String, Failure.Kind)])
  func refusals(text: String, expected: Failure.Kind) async throws {
    let quotes = [
      "", " (Service: AmazonCloudFront; Status Code: 409; Error Code: CNAMEAlreadyExists)",
      " (Service: AmazonCloudFront; Status Code: 400; Error Code: InvalidArgument)",
    ]
    for quote in quotes where !(text == WrappedErrorTests.trusted && quote.contains("CNAME")) {
      #expect(try await failure(text + quote)?.kind == expected, "\(quote)")
    }
    let other = try await failure(text + quotes[2], code: "InvalidRequestException")
    #expect(other?.kind == expected)
  }

  @Test("An unknown text is shown whole, without the nested request id")
  func unknown() async throws {
    let quoted =
      "Something new. (Service: AmazonCloudFront; Status Code: 400; Error Code: NewCode"
    let failure = try await failure("\(quoted); Request ID: 0f-1; Proxy: null)")
    #expect(failure?.kind == .refused(.invalidRequest))
    #expect(failure?.message == "\(quoted); Proxy: null)")
  }

  @Test("The address of a document stays in the text")
  func documentation() async throws {
    let text =
      "To add an alternate domain name (CNAME) to a CloudFront distribution, you must attach a trusted certificate that validates your authorization to use the domain name. For more details, see: https://docs.aws.amazon.com/AmazonCloudFront/latest/DeveloperGuide/CNAMEs.html#alternate-domain-names-requirements"
    let failure = try await failure(text)
    #expect(failure?.kind == .certificateRejected)
    #expect(failure?.message == text)
    let key = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEYa"
    let quoted = try await self.failure("see https://example.com/a?key=\(key) and \(key)")
    #expect(quoted?.message.contains("EXAMPLEKEY") == false)
  }

  @Test("The code counts also behind the end of the shown message")
  func long() async throws {
    let text = String(repeating: "long ", count: 500)
    let failure = try await failure("\(text)(Service: AmazonCloudFront; Error Code: Throttling)")
    #expect(failure?.kind == .throttled)
  }

  @Test(
    "Other codes that quote CloudFront's error are understood, too",
    arguments: ["NotAuthorizedException", "InvalidRequestException", "ValidationException", "New"])
  func otherCodes(code: String) async throws {
    let throttled = "m (Service: AmazonCloudFront; Status Code: 400; Error Code: Throttling)"
    #expect(try await failure(throttled, code: code)?.kind == .throttled)
    let denied = "m (Service: AmazonCloudFront; Status Code: 403; Error Code: AccessDenied)"
    let failure = try await failure(denied, code: code)
    #expect(failure?.kind == .accessDenied)
    #expect(failure?.message.contains("cloudfront:updateDistribution") == true)
  }

  @Test("An error that usually passes stays one, whatever it quotes")
  func transient() async throws {
    let denied = "m (Service: AmazonCloudFront; Status Code: 403; Error Code: AccessDenied)"
    #expect(try await failure(denied, code: "TooManyRequestsException")?.kind == .throttled)
    #expect(try await failure(denied, code: "ConcurrentModificationException")?.kind == .conflict)
  }

  // MARK: Missing permissions

  @Test(
    "The missing action of an update is named, Cognito's or CloudFront's",
    arguments: [
      ("AccessDeniedException", "", "cognito-idp:UpdateUserPoolDomain"),
      ("NotAuthorizedException", "Access denied", "cognito-idp:UpdateUserPoolDomain"),
      (
        "InvalidParameterException",
        "Access Denied (Service: AmazonCloudFront; Status Code: 403; Error Code: AccessDenied)",
        "cloudfront:updateDistribution"
      ),
      (
        "InvalidParameterException", "m (Error Code: AccessDenied)", "cloudfront:updateDistribution"
      ),
      ("InvalidParameterException", "Access denied", "cloudfront:updateDistribution"),
      (
        "AccessDeniedException",
        "User: arn:aws:iam::1:user/u is not authorized to perform: cloudfront:UpdateDistribution",
        "cloudfront:updateDistribution"
      ),
    ])
  func actionOfUpdate(code: String, message: String, action: String) async throws {
    let failure = try #require(try await failure(message, code: code))
    #expect(failure.kind == .accessDenied)
    #expect(failure.message.hasSuffix(" (the missing IAM action is \(action))"))
  }

  @Test("An action that AWS names is not named again, and no other one instead of it")
  func namedAction() async throws {
    for action in ["cognito-idp:UpdateUserPoolDomain", "acm:DescribeCertificate"] {
      let message = "User: u is not authorized to perform: \(action) on resource: r"
      #expect(try await failure(message, code: "AccessDeniedException")?.message == message)
    }
    let other = "m (Service: AWSCertificateManager; Status Code: 400; Error Code: AccessDenied)"
    #expect(try await failure(other)?.message == other)
  }

  @Test("Every request that is denied names its action")
  func everyAction() async throws {
    func denied(
      _ body: (AWSClient) async throws -> Failure?
    ) async throws -> String? {
      let aws = try ScriptedAWS([.error("AccessDeniedException", "")])
      let failure = try await body(aws.client)
      #expect(failure?.kind == .accessDenied)
      return failure?.message
    }
    func message(_ action: String) -> String {
      "no message (the missing IAM action is \(action))"
    }
    let me = Example.identity
    let arn = try Example.arn()
    #expect(
      try await denied { await $0.listCertificates(as: me).failure }
        == message("acm:ListCertificates"))
    #expect(
      try await denied { await $0.describeCertificate(arn, as: me).failure }
        == message("acm:DescribeCertificate"))
    #expect(
      try await denied { await $0.certificatePEM(arn, as: me).failure }
        == message("acm:GetCertificate"))
    #expect(
      try await denied { await $0.certificateTags(as: me, having: [["app"]]).failure }
        == message("tag:GetResources"))
    #expect(
      try await denied { await $0.callerIdentity(as: me).failure }
        == message("sts:GetCallerIdentity"))
    #expect(
      try await denied { client in
        let look = await client.describeDomain(
          try Example.domain(), in: try Example.region(), as: me)
        if case .unseen(let failure) = look { return failure }
        return nil
      } == message("cognito-idp:DescribeUserPoolDomain"))
  }
}
