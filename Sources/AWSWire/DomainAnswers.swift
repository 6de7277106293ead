import LosslessJSON
import RolloutCore

/// Reads the answer of DescribeUserPoolDomain and writes the request of UpdateUserPoolDomain.
enum DomainAnswers {
  /// The content of the answer. AWS returns no description, or an empty one, for an unknown domain.
  static func look(
    _ answer: JSONValue, at domain: DomainName
  ) throws(MemberReader.Problem) -> DomainLook {
    let reader = try MemberReader(answer, at: "the answer")
    guard let description = try reader.object("DomainDescription"),
      description.value.members?.contains(where: { $0.value != .null }) == true
    else { return .empty }
    if let echoed = try description.text("Domain"), echoed != domain.text {
      throw MemberReader.Problem(description: "the answer is about another domain")
    }
    guard let status = try description.text("Status") else {
      throw MemberReader.Problem(description: "DomainDescription.Status is missing")
    }
    let config = try description.object("CustomDomainConfig")
    var settings = EchoedSettings()
    for member in config?.value.members ?? [] where member.name != certificateMember {
      if member.value != .null {
        settings.customDomainConfig[member.name] = member.value.canonical
      }
    }
    for name in echoedTopLevel {
      if let value = description[name] { settings.topLevel[name] = value.canonical }
    }
    var seen = DomainDescription(
      userPoolID: try description.text("UserPoolId"), status: DomainStatus(status),
      certificateARN: nil,
      cloudFrontDomain: distribution(description["CloudFrontDistribution"]),
      settings: settings)
    guard let text = try config?.text(certificateMember) else { return .withoutCertificate(seen) }
    do throws(MalformedIdentifier) {
      seen.certificateARN = try CertificateARN(parsing: text)
    } catch {
      throw MemberReader.Problem(
        description: "CustomDomainConfig.CertificateArn is malformed: \(error.problem)")
    }
    return .described(seen)
  }

  /// The name of a distribution: `d111.cloudfront.net`. It is shown and connected to, and nothing that
  /// matters depends on it, so a value that is no host name counts as absent.
  static func distribution(_ value: JSONValue?) -> String? {
    guard case .string(let text)? = value else { return nil }
    let isRooted = text.hasSuffix(".")
    let name = DNSName.lowercased(isRooted ? String(text.dropLast()) : text)
    return DNSName.problem(with: name, underscores: .allowed) == nil ? name : nil
  }

  private static let certificateMember = "CertificateArn"

  /// The members beside `CustomDomainConfig` that are in the description and in the update.
  private static let echoedTopLevel = ["ManagedLoginVersion", "Routing"]

  /// Settings that cannot be sent back: a defect, or a state file that was changed by hand.
  struct UnusableSettings: Error, CustomStringConvertible {
    let description: String
  }

  /// The request: the certificate, and every other setting exactly as it was described.
  static func body(of update: DomainUpdate) throws(UnusableSettings) -> JSONValue {
    let own: Set<String> = ["Domain", "UserPoolId", "CustomDomainConfig"]
    let config = try members(update.settings.customDomainConfig, without: [certificateMember])
    let topLevel = try members(update.settings.topLevel, without: own)
    return .object(
      [
        JSONValue.Member("Domain", .string(update.domain.text)),
        JSONValue.Member("UserPoolId", .string(update.userPoolID.text)),
        JSONValue.Member(
          "CustomDomainConfig",
          .object(
            [JSONValue.Member(certificateMember, .string(update.certificate.text))] + config)),
      ] + topLevel)
  }

  private static func members(
    _ settings: [String: String], without reserved: Set<String>
  ) throws(UnusableSettings) -> [JSONValue.Member] {
    var members: [JSONValue.Member] = []
    for (name, text) in settings.sorted(by: { $0.key < $1.key }) {
      if reserved.contains(name) {
        throw UnusableSettings(description: "\(name) is not a setting that can be sent back")
      }
      do throws(JSONError) {
        members.append(JSONValue.Member(name, try JSONValue(parsing: text)))
      } catch {
        throw UnusableSettings(description: "the setting \(name) is not JSON: \(error)")
      }
    }
    return members
  }
}
