internal import RolloutCore

/// A name as certificates hold them: a DNS name, or `*.` and one.
package enum CertificateName {
  static let kind = "a name of a certificate, such as auth.example.com or *.example.com"

  /// In lower case, since names compare without regard to it.
  package static func parse(_ text: String) throws(Malformed) -> String {
    if let advice = InternationalName.advice(for: text) { throw Malformed(kind, advice) }
    let name = DNSName.lowercased(text)
    let host = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
    if host.contains("*") {
      throw Malformed(kind, "a * can only be the whole first label, as in *.example.com")
    }
    if let problem = HostName.problem(with: host, underscores: .refused) {
      throw Malformed(kind, problem)
    }
    guard name.contains(".") else { throw Malformed(kind, "it has no dot") }
    return name
  }
}
