internal import RolloutCore

/// A name as certificates hold them: a DNS name, or `*.` and one.
enum CertificateName {
  static let kind = "a name of a certificate, such as auth.example.com or *.example.com"

  /// In lower case, since names compare without regard to it.
  static func parse(_ text: String) throws(Malformed) -> String {
    let name = HostName.lowercased(text)
    let host = name.hasPrefix("*.") ? String(name.dropFirst(2)) : name
    if host.contains("*") {
      throw Malformed(kind, "a * can only be the whole first label, as in *.example.com")
    }
    if let problem = HostName.problem(with: host, allowsUnderscore: false) {
      throw Malformed(kind, problem)
    }
    guard name.contains(".") else { throw Malformed(kind, "it has no dot") }
    return name
  }

  /// Whether a certificate of this name serves `domain`: a wildcard stands for one label.
  static func covers(_ name: String, _ domain: DomainName) -> Bool {
    guard name.hasPrefix("*.") else { return name == domain.text }
    guard let dot = domain.text.firstIndex(of: ".") else { return false }
    return domain.text[dot...] == name.dropFirst()
  }
}
