import LosslessJSON
import SimulatedAWS
import Transport

extension WorldTransport {
  struct MissingMember: Error {
    let name: String
  }

  /// The domain and the certificate that an update names.
  static func update(
    in request: HTTPRequest
  ) throws -> (domain: String, certificate: String) {
    let body = try JSONValue(parsing: request.body)
    guard let domain = body["Domain"]?.string else { throw MissingMember(name: "Domain") }
    guard let arn = body["CustomDomainConfig"]?["CertificateArn"]?.string else {
      throw MissingMember(name: "CertificateArn")
    }
    return (domain, arn)
  }
}
