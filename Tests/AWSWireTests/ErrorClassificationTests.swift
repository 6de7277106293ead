import RolloutCore
import Testing
import Transport

@testable import AWSWire

@Suite("Classification of errors")
struct ErrorClassificationTests {
  private func kind(_ status: Int, _ code: String?, _ message: String = "") -> Failure.Kind {
    ErrorClassification.kind(status: status, code: code, message: message)
  }

  @Test(
    "A known code decides, whatever the status is",
    arguments: [
      (
        .throttled,
        [
          "Throttling", "ThrottlingException", "ThrottledException", "RequestThrottled",
          "RequestThrottledException", "TooManyRequestsException", "RequestLimitExceeded",
          "ProvisionedThroughputExceededException", "BandwidthLimitExceeded", "SlowDown",
          "EC2ThrottledException",
        ]
      ),
      (
        .credentials,
        [
          "UnrecognizedClientException", "InvalidClientTokenId", "ExpiredTokenException",
          "ExpiredToken", "InvalidSignatureException", "SignatureDoesNotMatch",
          "IncompleteSignature", "MissingAuthenticationToken", "InvalidAccessKeyId",
          "AuthFailure", "RequestTimeTooSkewed",
        ]
      ),
      (.accessDenied, ["AccessDenied", "AccessDeniedException", "NotAuthorizedException"]),
      (.conflict, ["ConcurrentModificationException", "ConflictException"]),
      (.quotaExceeded, ["LimitExceededException"]),
      (.notFound, ["ResourceNotFoundException"]),
      (.notReady, ["RequestInProgressException"]),
      (.server, ["InternalErrorException", "RequestTimeout", "RequestTimeoutException"]),
      (
        .refused(.featureUnavailable),
        ["FeatureUnavailableInTierException", "OperationNotEnabledException"]
      ),
    ] as [(Failure.Kind, [String])])
  func codes(expected: Failure.Kind, codes: [String]) {
    for code in codes {
      for status in [400, 403, 503] {
        #expect(kind(status, code) == expected, "\(code)")
        #expect(ErrorClassification.isKnown(code))
      }
    }
  }

  @Test(
    "Cognito's InvalidParameterException is classified by its text",
    arguments: [
      (
        "The specified SSL certificate doesn't exist, isn't in us-east-1 region, isn't valid, or "
          + "doesn't include a valid certificate chain. (Service: AmazonCloudFront; Status Code: "
          + "400; Error Code: InvalidViewerCertificate)", .certificateRejected
      ),
      ("The specified SSL certificate doesn’t exist.", .certificateRejected),
      ("Invalid certificate ARN", .certificateRejected),
      (
        "User pool should have a custom domain associated, failed to update the certificate.",
        .refused(.domainNotInPool)
      ),
      ("No such domain or user pool exists.", .refused(.domainNotInPool)),
      ("Domain already associated with another user pool.", .refused(.domainNotInPool)),
      (
        "Custom domain is not a valid subdomain: Was not able to resolve the root domain, please "
          + "ensure an A record exists for the root domain.", .refused(.parentDomainUnresolved)
      ),
      (
        "Custom domain is not a valid subdomain: Was not able to resolve a DNS A record for the "
          + "parent domain or domain parent is a top-level domain.",
        .refused(.parentDomainUnresolved)
      ),
      ("Cannot convert custom domain to prefix domain.", .refused(.invalidRequest)),
      ("Domain auth.example.com is being updated, try again later.", .conflict),
      ("Domain is currently updating", .conflict),
      ("An update of the domain is in progress.", .conflict),
      ("The domain is not in a valid state for this operation.", .conflict),
      ("Managed login requires a higher TLS version", .refused(.settingsRejected)),
      ("1 validation error: ManagedLoginVersion must be 1 or 2", .refused(.settingsRejected)),
      ("SecurityPolicy TLS_V9 is unknown", .refused(.settingsRejected)),
      ("Domain tls.example.com is no domain", .refused(.invalidRequest)),
      ("", .refused(.invalidRequest)),
    ] as [(String, Failure.Kind)])
  func texts(message: String, expected: Failure.Kind) {
    #expect(kind(400, "InvalidParameterException", message) == expected)
  }

  @Test("Without a known code the status decides")
  func statuses() {
    #expect(kind(400, "NewException") == .refused(.invalidRequest))
    #expect(!ErrorClassification.isKnown("NewException"))
    #expect(kind(499, "NewException") == .refused(.invalidRequest))
    #expect(kind(500, "NewException") == .server)
    #expect(kind(500, "InvalidParameterException") == .server)
    #expect(kind(429, "NewException") == .throttled)
    for status in [500, 502, 503, 504, 599, 408] { #expect(kind(status, nil) == .server) }
    #expect(kind(429, nil) == .throttled)
    for status in [301, 400, 401, 403, 404, 407, 413] {
      #expect(kind(status, nil) == .malformedAnswer)
    }
  }

  private func error(
    _ status: Int, _ body: String, _ headers: [Header] = []
  ) -> ErrorAnswer {
    ErrorAnswer(
      reading: HTTPResponse(status: status, headers: headers, body: Array(body.utf8)), hiding: [])
  }

  @Test(
    "The code is read from every place that AWS uses",
    arguments: [
      ("{\"__type\":\"ThrottlingException\",\"message\":\"m\"}", nil),
      ("{\"__type\":\"com.amazon.coral.service#ThrottlingException\",\"Message\":\"m\"}", nil),
      ("{\"__type\":\"ThrottlingException:http://internal.amazon.com/x/\",\"message\":\"m\"}", nil),
      ("{\"__type\":\"a#ThrottlingException:http://x#y\",\"message\":\"m\"}", nil),
      ("{\"message\":\"m\"}", "ThrottlingException:http://internal.amazon.com/"),
      ("{\"__type\":\"Other\",\"message\":\"m\"}", "ThrottlingException"),
      ("{\"code\":\"ThrottlingException\",\"message\":\"m\"}", nil),
      (
        "<ErrorResponse xmlns=\"https://sts.amazonaws.com/doc/2011-06-15/\"><Error><Type>Sender"
          + "</Type><Code>ThrottlingException</Code><Message>m</Message></Error></ErrorResponse>",
        nil
      ),
    ] as [(String, String?)])
  func placesOfCode(body: String, header: String?) {
    let error = error(400, body, header.map { [Header("X-Amzn-ErrorType", $0)] } ?? [])
    #expect(error.code == "ThrottlingException")
    #expect(error.message == "m")
  }

  @Test(
    "An answer that does not come from AWS is described",
    arguments: [
      (
        503, "text/html; charset=utf-8", "<html>secret</html>",
        "HTML instead of JSON (HTTP 503, text/html)"
      ),
      (502, "", " \n<!DOCTYPE html>", "HTML instead of JSON (HTTP 502)"),
      (500, "text/plain", "", "an empty body instead of JSON (HTTP 500, text/plain)"),
      (500, "text/plain", "oops", "no JSON object (HTTP 500, text/plain)"),
      (500, "a\u{1}b", "[]", "no JSON object (HTTP 500)"),
      (
        403, "application/json", "{}",
        "an error without a code (HTTP 403, application/json): no message"
      ),
      (
        400, "application/json", "{\"__type\":\"NewException\",\"message\":\"Why.\"}",
        "Why. (NewException, a code this version does not know, HTTP 400, application/json)"
      ),
      (400, "", "{\"__type\":\"Throttling\",\"message\":null}", "no message"),
      (
        400, "", "{\"__type\":\"a b\\n\",\"message\":\"m\"}",
        "an error without a code (HTTP 400): m"
      ),
    ])
  func notAWS(status: Int, type: String, body: String, expected: String) {
    #expect(error(status, body, [Header("Content-Type", type)]).message == expected)
  }
}
