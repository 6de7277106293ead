import RolloutCore
import Testing

@testable import AWSWire

@Suite("Endpoints")
struct EndpointsTests {
  private func url(
    _ service: AWSService, _ region: String, _ environment: [String: String] = [:]
  ) throws -> String {
    try Endpoints(environment: environment).url(of: service, in: Region(parsing: region))
  }

  /// The results of botocore 1.43's endpoint rules.
  @Test(
    "Without variables each service has AWS's host for the region",
    arguments: [
      (.acm, "us-east-1", false, "https://acm.us-east-1.amazonaws.com/"),
      (.cognito, "eu-west-1", false, "https://cognito-idp.eu-west-1.amazonaws.com/"),
      (.tagging, "us-east-1", false, "https://tagging.us-east-1.amazonaws.com/"),
      (.sts, "us-east-1", false, "https://sts.us-east-1.amazonaws.com/"),
      (.cognito, "cn-north-1", false, "https://cognito-idp.cn-north-1.amazonaws.com.cn/"),
      (.cognito, "us-gov-west-1", false, "https://cognito-idp.us-gov-west-1.amazonaws.com/"),
      (.cognito, "eusc-de-east-1", false, "https://cognito-idp.eusc-de-east-1.amazonaws.eu/"),
      (.acm, "us-iso-east-1", false, "https://acm.us-iso-east-1.c2s.ic.gov/"),
      (.acm, "us-east-1", true, "https://acm-fips.us-east-1.amazonaws.com/"),
      (.cognito, "us-west-2", true, "https://cognito-idp-fips.us-west-2.amazonaws.com/"),
      (.sts, "us-gov-west-1", true, "https://sts.us-gov-west-1.amazonaws.com/"),
      (.acm, "us-gov-west-1", true, "https://acm.us-gov-west-1.amazonaws.com/"),
      (.tagging, "us-east-1", true, "https://tagging-fips.us-east-1.amazonaws.com/"),
      (.cognito, "us-gov-west-1", true, "https://cognito-idp-fips.us-gov-west-1.amazonaws.com/"),
    ] as [(AWSService, String, Bool, String)])
  func defaults(service: AWSService, region: String, isFIPS: Bool, expected: String) throws {
    let environment = isFIPS ? ["AWS_USE_FIPS_ENDPOINT": "true"] : ["AWS_USE_FIPS_ENDPOINT": ""]
    #expect(try url(service, region, environment) == expected)
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
    for name in ["AWS_USE_FIPS_ENDPOINT", "AWS_IGNORE_CONFIGURED_ENDPOINT_URLS"] {
      #expect(throws: MalformedEndpoint(variable: name, problem: "write true or false")) {
        try Endpoints(environment: [name: "yes"])
      }
    }
    #expect(try Endpoints(environment: ["AWS_CA_BUNDLE": "/etc/ca.pem"]).caBundle == "/etc/ca.pem")
    #expect(try Endpoints(environment: ["AWS_CA_BUNDLE": ""]).caBundle == nil)
  }
}
