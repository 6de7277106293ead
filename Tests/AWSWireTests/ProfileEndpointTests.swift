import Foundation
import RolloutCore
import TestSupport
import Testing
import Transport

@testable import AWSWire

@Suite("Endpoints in the shared AWS files")
struct ProfileEndpointTests {
  private let directory: TemporaryDirectory

  init() throws { directory = try TemporaryDirectory() }

  private func write(_ text: String, to name: String) throws {
    try Data(text.utf8).write(to: directory.url.appending(path: name))
  }

  private func endpoints(_ variables: [String: String] = [:]) throws -> Endpoints {
    let files = [
      "AWS_CONFIG_FILE": "\(directory.path)/config",
      "AWS_SHARED_CREDENTIALS_FILE": "\(directory.path)/credentials",
    ]
    return try Endpoints(environment: files.merging(variables) { $1 })
  }

  private func url(
    _ service: AWSService, profile: String? = nil, _ variables: [String: String] = [:]
  ) throws -> String {
    try endpoints(variables).settings(for: Identity(profile: profile), at: .zero)
      .url(of: service, in: Region(parsing: "us-east-1"))
  }

  /// The problem without the name of the directory.
  private func problem(
    _ service: AWSService = .acm, profile: String? = nil, _ variables: [String: String] = [:]
  ) throws -> String {
    do {
      return "no problem: \(try url(service, profile: profile, variables))"
    } catch let error as MalformedEndpoint {
      return error.description.replacing(directory.path, with: "")
    }
  }

  private let services = """
    [default]
    services = local
    endpoint_url = http://profile
    [services local]
    acm =
      endpoint_url = http://services
    cognito_identity_provider =
      endpoint_url: http://cognito:9229
    resource_groups_tagging_api =
      endpoint_url = http://tagging
    """

  @Test("The URL is the service's variable's, AWS_ENDPOINT_URL's, the section's, or the profile's")
  func order() throws {
    try write(services, to: "config")
    let all = ["AWS_ENDPOINT_URL": "http://all"]
    let own = all.merging(["AWS_ENDPOINT_URL_ACM": "http://own"]) { $1 }
    #expect(try url(.acm, own) == "http://own/")
    #expect(try url(.acm, all) == "http://all/")
    #expect(try url(.acm) == "http://services/")
    #expect(try url(.cognito) == "http://cognito:9229/")
    #expect(try url(.tagging) == "http://tagging/")
    #expect(try url(.sts) == "http://profile/")
  }

  @Test("Each identity uses the endpoints of its profile; without one, AWS_PROFILE's or default's")
  func profiles() throws {
    try write(
      "[profile a]\nendpoint_url = http://a\n[default]\nuse_fips_endpoint = true\n"
        + "[profile \"b c\"]\nuse_dualstack_endpoint: TRUE\n", to: "config")
    try write(
      "[a]\nendpoint_url = http://credentials\n[d]\nendpoint_url = http://d", to: "credentials")
    #expect(try url(.acm) == "https://acm-fips.us-east-1.amazonaws.com/")
    #expect(try url(.acm, profile: "b c") == "https://acm.us-east-1.api.aws/")
    #expect(try url(.acm, profile: "d") == "http://d/")
    #expect(try url(.acm, ["AWS_PROFILE": "d"]) == "http://d/")
    #expect(try url(.acm, profile: "none") == "https://acm.us-east-1.amazonaws.com/")
    // As in botocore.
    #expect(try url(.acm, profile: "a") == "http://credentials/")
  }

  @Test("A variable has priority over the profile's flag, also when it is false")
  func flags() throws {
    try write(
      "[default]\nuse_dualstack_endpoint = true\nuse_fips_endpoint = true\n"
        + "[profile ignoring]\nendpoint_url = http://a\nignore_configured_endpoint_urls = true\n",
      to: "config")
    #expect(try url(.acm) == "https://acm-fips.us-east-1.api.aws/")
    #expect(
      try url(.acm, ["AWS_USE_DUALSTACK_ENDPOINT": "false"])
        == "https://acm-fips.us-east-1.amazonaws.com/")
    #expect(
      try url(.acm, ["AWS_USE_FIPS_ENDPOINT": "false"]) == "https://acm.us-east-1.api.aws/")
    #expect(try url(.acm, profile: "ignoring") == "https://acm.us-east-1.amazonaws.com/")
    #expect(
      try url(.acm, profile: "ignoring", ["AWS_IGNORE_CONFIGURED_ENDPOINT_URLS": "false"])
        == "http://a/")
  }

  @Test("ca_bundle of the profile is used unless AWS_CA_BUNDLE is set")
  func caBundle() throws {
    try write("[default]\nca_bundle = /etc/profile.pem\n", to: "config")
    #expect(try endpoints().settings(for: Identity(), at: .zero).caBundle == "/etc/profile.pem")
    #expect(try endpoints().settings(for: Identity(profile: "x"), at: .zero).caBundle == nil)
    let variable = try endpoints(["AWS_CA_BUNDLE": "/etc/variable.pem"])
    #expect(try variable.settings(for: Identity(), at: .zero).caBundle == "/etc/variable.pem")
  }

  @Test(
    "A setting that cannot be obeyed is an error that names its place and not its value",
    arguments: [
      (
        "use_fips_endpoint = hunter2",
        "use_fips_endpoint of profile default in /config: write true or false"
      ),
      (
        "use_dualstack_endpoint = 1",
        "use_dualstack_endpoint of profile default in /config: write true or false"
      ),
      (
        "ignore_configured_endpoint_urls = no",
        "ignore_configured_endpoint_urls of profile default in /config: write true or false"
      ),
      (
        "endpoint_url = http://hunter2:x@h",
        "endpoint_url of profile default in /config: the URL contains a user name or password; "
          + "write it as https://host or https://host:port"
      ),
      (
        "endpoint_url = http://h\nuse_fips_endpoint = true",
        "use_fips_endpoint of profile default in /config: it has no effect on the URL in "
          + "endpoint_url of profile default in /config: remove one of them"
      ),
      (
        "services = gone",
        "the endpoints of profile default: services of profile default in /config names a section "
          + "that the config file does not have: write it, or remove the key"
      ),
      (
        "services = s\n[services s]\nacm =\n  hunter2",
        "the endpoints of profile default: /config:5: the line is not a [section], a comment or "
          + "\"key = value\": correct it, or begin it with #"
      ),
      (
        "services = s\n[services s]\nacm =\n  endpoint_url = hunter2",
        "endpoint_url of acm in [services s] of /config: the URL begins with neither https:// nor "
          + "http://; write it as https://host or https://host:port"
      ),
      (
        "hunter2",
        "the endpoints of profile default: /config:2: the line is not a [section], a comment or "
          + "\"key = value\": correct it, or begin it with #"
      ),
    ])
  func refused(lines: String, expected: String) throws {
    try write("[default]\n\(lines)\n[profile good]\nendpoint_url = http://good\n", to: "config")
    #expect(try problem() == expected)
    #expect(try url(.acm, profile: "good") == "http://good/")
  }

  @Test("A changed file is used one second later, and at once when it is asked for")
  func changed() throws {
    try write("[default]\nendpoint_url = http://first\n", to: "config")
    let endpoints = try endpoints()
    func url(at uptime: Duration) throws -> String {
      try endpoints.settings(for: Identity(), at: uptime)
        .url(of: .acm, in: Region(parsing: "us-east-1"))
    }
    #expect(try url(at: .zero) == "http://first/")
    try write("[default]\nendpoint_url = http://second\n", to: "config")
    #expect(try url(at: .milliseconds(999)) == "http://first/")
    #expect(try url(at: .seconds(1)) == "http://second/")
    try write("[default]\nendpoint_url = http://the-third\n", to: "config")
    endpoints.lookAgain()
    #expect(try url(at: .seconds(1)) == "http://the-third/")
  }

  @Test("A request goes to the endpoint of its identity's profile, with its roots")
  func request() async throws {
    try write(
      "[profile p]\nendpoint_url = http://p\nca_bundle = /ca.pem\n"
        + "[profile bad]\nuse_fips_endpoint = maybe\n", to: "config")
    let keys = "aws_access_key_id = k\naws_secret_access_key = s\n"
    try write("[p]\n\(keys)[bad]\n\(keys)", to: "credentials")
    let aws = try ScriptedAWS(
      [.json("{\"CertificateSummaryList\":[]}")],
      environment: [
        "AWS_CONFIG_FILE": "\(directory.path)/config",
        "AWS_SHARED_CREDENTIALS_FILE": "\(directory.path)/credentials",
      ])
    let bad = await aws.client.listCertificates(as: Identity(profile: "bad"))
    #expect(bad.failure?.kind == .credentials)
    #expect(
      bad.failure?.message.replacing(directory.path, with: "")
        == "nothing was sent: use_fips_endpoint of profile bad in /config: write true or false")
    #expect(aws.transport.requests.isEmpty)
    #expect(await aws.client.listCertificates(as: Identity(profile: "p")) == .seen([]))
    #expect(aws.transport.requests.map(\.url) == ["http://p/"])
    #expect(aws.transport.requests.map(\.caBundle) == ["/ca.pem"])
  }
}
