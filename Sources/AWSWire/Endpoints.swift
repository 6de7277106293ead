import RolloutCore

/// The URL of each service: AWS's host, or the one that the variables of the SDKs name.
///
/// The variables are `AWS_ENDPOINT_URL` and its forms for one service, `AWS_IGNORE_CONFIGURED_ENDPOINT_URLS`,
/// `AWS_USE_FIPS_ENDPOINT` and `AWS_CA_BUNDLE`.
package struct Endpoints: Sendable {
  private let configured: [AWSService: EndpointURL]
  private let usesFIPS: Bool
  /// A PEM file of roots for every request, instead of the system's.
  let caBundle: String?

  /// Throws for a malformed variable, before anything is sent to a wrong host.
  package init(environment: [String: String] = [:]) throws(MalformedEndpoint) {
    func variable(_ name: String) -> String? {
      environment[name].flatMap { $0.isEmpty ? nil : $0 }
    }
    func flag(_ name: String) throws(MalformedEndpoint) -> Bool {
      switch variable(name)?.lowercased() {
      case nil, "false": return false
      case "true": return true
      case .some: throw MalformedEndpoint(variable: name, problem: "write true or false")
      }
    }
    usesFIPS = try flag("AWS_USE_FIPS_ENDPOINT")
    caBundle = variable("AWS_CA_BUNDLE")
    var configured: [AWSService: EndpointURL] = [:]
    if try !flag("AWS_IGNORE_CONFIGURED_ENDPOINT_URLS") {
      for service in AWSService.allCases {
        for name in [service.endpointVariable, "AWS_ENDPOINT_URL"] {
          guard configured[service] == nil, let text = variable(name) else { continue }
          configured[service] = try EndpointURL(parsing: text, variable: name)
        }
      }
    }
    self.configured = configured
  }

  /// The URL to post to.
  func url(of service: AWSService, in region: Region) -> String {
    configured[service]?.text ?? "https://\(host(of: service, in: region))/"
  }

  private func host(of service: AWSService, in region: Region) -> String {
    let isPlain = service.hasPlainFIPSNameInGovCloud && region.text.hasPrefix("us-gov-")
    let prefix = service.hostPrefix + (usesFIPS && !isPlain ? "-fips" : "")
    return "\(prefix).\(region.text).\(Endpoints.suffix(of: region))"
  }

  /// The domain of a region's partition.
  private static func suffix(of region: Region) -> String {
    let others = [
      ("cn-", "amazonaws.com.cn"), ("eusc-", "amazonaws.eu"), ("us-iso-", "c2s.ic.gov"),
      ("us-isob-", "sc2s.sgov.gov"), ("eu-isoe-", "cloud.adc-e.uk"),
      ("us-isof-", "csp.hci.ic.gov"),
    ]
    return others.first { region.text.hasPrefix($0.0) }?.1 ?? "amazonaws.com"
  }
}

/// A variable with a malformed value. The value is not shown, because a URL may contain a password.
package struct MalformedEndpoint: Error, Equatable, Sendable, CustomStringConvertible {
  package let variable: String
  package let problem: String

  package var description: String { "\(variable): \(problem)" }
}

/// The URL of an endpoint: scheme, host, port unless it is the scheme's default, path.
struct EndpointURL: Equatable, Sendable {
  let text: String

  init(parsing text: String, variable: String) throws(MalformedEndpoint) {
    func malformed(_ problem: String) -> MalformedEndpoint {
      MalformedEndpoint(
        variable: variable, problem: problem + "; write it as https://host or https://host:port")
    }
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw malformed("the URL contains a space or a character beyond ASCII")
    }
    guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else {
      throw malformed("the URL begins with neither https:// nor http://")
    }
    let location = text.dropFirst(scheme.count)
    if location.contains("?") || location.contains("#") {
      throw malformed("the URL has a query or fragment")
    }
    let authority = location.prefix { $0 != "/" }
    if authority.contains("@") { throw malformed("the URL contains a user name or password") }
    guard EndpointURL.isAuthority(authority) else {
      throw malformed("the URL's host or port is malformed")
    }
    let path = location.dropFirst(authority.count)
    self.text = scheme + authority + (path.isEmpty ? "/" : path)
  }

  private static func isAuthority(_ text: Substring) -> Bool {
    let end: Substring.Index
    if text.hasPrefix("[") {
      guard let bracket = text.firstIndex(of: "]") else { return false }
      end = text.index(after: bracket)
      let address = text[..<bracket].dropFirst()
      guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
      else { return false }
    } else {
      end = text.firstIndex(of: ":") ?? text.endIndex
      let host = text[..<end]
      guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) })
      else { return false }
    }
    let port = text[end...]
    if port.isEmpty { return true }
    guard port.hasPrefix(":"), port.dropFirst().allSatisfy(\.isNumber),
      let number = UInt16(port.dropFirst())
    else { return false }
    return number > 0
  }
}
