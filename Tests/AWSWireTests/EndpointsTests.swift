import RolloutCore
import Testing

@testable import AWSWire

@Suite("Endpoints")
struct EndpointsTests {
  private func url(
    _ service: AWSService, _ region: String, _ environment: [String: String] = [:]
  ) throws -> String {
    try Endpoints(environment: environment).settings(for: Identity(), at: .zero)
      .url(of: service, in: Region(parsing: region))
  }

  /// The results of botocore 1.43's endpoint rules.
  @Test(
    "Without variables each service has AWS's host for the region",
    arguments: [
      (.acm, "us-east-1", "", "acm.us-east-1.amazonaws.com"),
      (.cognito, "eu-west-1", "", "cognito-idp.eu-west-1.amazonaws.com"),
      (.tagging, "us-east-1", "", "tagging.us-east-1.amazonaws.com"),
      (.sts, "us-east-1", "", "sts.us-east-1.amazonaws.com"),
      (.iam, "us-east-1", "", "iam.amazonaws.com"),
      (.iam, "us-east-1", "f", "iam-fips.amazonaws.com"),
      (.iam, "cn-north-1", "", "iam.cn-north-1.amazonaws.com.cn"),
      (.iam, "us-gov-west-1", "", "iam.us-gov.amazonaws.com"),
      (.cognito, "cn-north-1", "", "cognito-idp.cn-north-1.amazonaws.com.cn"),
      (.cognito, "us-gov-west-1", "", "cognito-idp.us-gov-west-1.amazonaws.com"),
      (.cognito, "eusc-de-east-1", "", "cognito-idp.eusc-de-east-1.amazonaws.eu"),
      (.acm, "us-iso-east-1", "", "acm.us-iso-east-1.c2s.ic.gov"),
      (.acm, "us-east-1", "f", "acm-fips.us-east-1.amazonaws.com"),
      (.cognito, "us-west-2", "f", "cognito-idp-fips.us-west-2.amazonaws.com"),
      (.sts, "us-gov-west-1", "f", "sts.us-gov-west-1.amazonaws.com"),
      (.acm, "us-gov-west-1", "f", "acm.us-gov-west-1.amazonaws.com"),
      (.tagging, "us-east-1", "f", "tagging-fips.us-east-1.amazonaws.com"),
      (.cognito, "us-gov-west-1", "f", "cognito-idp-fips.us-gov-west-1.amazonaws.com"),
      (.acm, "us-east-1", "d", "acm.us-east-1.api.aws"),
      (.tagging, "us-east-1", "d", "tagging.us-east-1.api.aws"),
      (.sts, "us-east-1", "d", "sts.us-east-1.api.aws"),
      (.acm, "us-east-1", "fd", "acm-fips.us-east-1.api.aws"),
      (.tagging, "us-east-1", "fd", "tagging-fips.us-east-1.api.aws"),
      (.sts, "us-gov-west-1", "fd", "sts-fips.us-gov-west-1.api.aws"),
      (.cognito, "eu-west-1", "d", "cognito-idp.eu-west-1.amazonaws.com"),
      (.cognito, "us-east-1", "fd", "cognito-idp-fips.us-east-1.amazonaws.com"),
      (.cognito, "us-gov-west-1", "d", "cognito-idp.us-gov-west-1.api.aws"),
      (.cognito, "us-gov-west-1", "fd", "cognito-idp-fips.us-gov-west-1.api.aws"),
      (.cognito, "cn-north-1", "d", "cognito-idp.cn-north-1.api.amazonwebservices.com.cn"),
      (.cognito, "eusc-de-east-1", "d", "cognito-idp.eusc-de-east-1.api.amazonwebservices.eu"),
      (.cognito, "us-iso-east-1", "d", "cognito-idp.us-iso-east-1.api.aws.ic.gov"),
    ] as [(AWSService, String, String, String)])
  func defaults(service: AWSService, region: String, flags: String, host: String) throws {
    let environment = [
      "AWS_USE_FIPS_ENDPOINT": flags.contains("f") ? "true" : "",
      "AWS_USE_DUALSTACK_ENDPOINT": flags.contains("d") ? "True" : "false",
    ]
    #expect(try url(service, region, environment) == "https://\(host)/")
  }

  @Test("Where AWS has no dual-stack endpoints, asking for one is an error")
  func noDualStack() {
    #expect(throws: MalformedEndpoint.self) {
      try url(.cognito, "eu-isoe-west-1", ["AWS_USE_DUALSTACK_ENDPOINT": "true"])
    }
  }

  @Test("The variable of a service has priority over the one for all, and both can be ignored")
  func variables() throws {
    var environment = [
      "AWS_ENDPOINT_URL": "http://localhost:5000",
      "AWS_ENDPOINT_URL_ACM": "https://acm.example.com/base/",
      "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER": "http://[::1]:1",
      "AWS_ENDPOINT_URL_STS": "",
    ]
    #expect(try url(.acm, "us-east-1", environment) == "https://acm.example.com/base/")
    #expect(try url(.cognito, "eu-west-1", environment) == "http://[::1]:1/")
    #expect(try url(.sts, "us-east-1", environment) == "http://localhost:5000/")
    environment["AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API"] = "http://127.0.0.1:2"
    #expect(try url(.tagging, "us-east-1", environment) == "http://127.0.0.1:2/")
    environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    #expect(try url(.sts, "us-east-1", environment) == "https://sts.us-east-1.amazonaws.com/")
  }

  @Test(
    "A malformed URL is an error that names its variable",
    arguments: [
      "localhost:5000", "ftp://x", "https://", "http://:80", "http://h:", "http://h:0",
      "http://h:65536", "http://h:8a", "http://user:secret@h", "http://h/?q", "http://h#f",
      "http://h h", "http://ä", "http://[::1", "http://[]", "http://[x]", "HTTP//h",
    ])
  func malformed(text: String) {
    do throws(MalformedEndpoint) {
      _ = try Endpoints(environment: ["AWS_ENDPOINT_URL_STS": text])
      Issue.record("\(text) was taken")
    } catch {
      #expect(error.description.hasPrefix("AWS_ENDPOINT_URL_STS: the URL"))
      #expect(!error.description.contains("secret"))
    }
  }

  @Test("A flag that is neither true nor false is an error")
  func flags() throws {
    for name in [
      "AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS",
    ] {
      #expect(throws: MalformedEndpoint(setting: name, problem: "write true or false")) {
        try Endpoints(environment: [name: "yes"])
      }
    }
  }

  @Test(
    "A host of AWS's own kind and a configured URL exclude each other",
    arguments: ["AWS_USE_FIPS_ENDPOINT", "AWS_USE_DUALSTACK_ENDPOINT"])
  func contradiction(name: String) throws {
    var environment = [name: "true", "AWS_ENDPOINT_URL_STS": "http://localhost:5000"]
    #expect(
      throws: MalformedEndpoint(
        setting: name,
        problem: "it has no effect on the URL in AWS_ENDPOINT_URL_STS: remove one of them")
    ) {
      try Endpoints(environment: environment)
    }
    environment["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] = "true"
    _ = try Endpoints(environment: environment)
  }
}
