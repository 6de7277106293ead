internal import Glibc
internal import RolloutCore

/// Names and addresses of hosts.
enum HostName {
  /// What is wrong with a DNS name in lower case, in words; nil when nothing is.
  static func problem(with text: String, underscores: DNSName.Underscores) -> String? {
    switch DNSName.problem(with: text, underscores: underscores) {
    case nil: return nil
    case .empty: return "it is empty"
    case .tooLong: return "it is longer than \(DNSName.maximumLength) characters"
    case .emptyLabel: return "it has an empty label (two dots, or a dot at an end)"
    case .labelTooLong(let label):
      return "the label \(shown(label)) is over \(DNSName.maximumLabelLength) characters"
    case .labelCharacters(let label):
      return "the label \(shown(label)) may hold only letters, digits and hyphens"
    case .labelHyphen(let label):
      return "the label \(shown(label)) begins or ends with a hyphen"
    }
  }

  private static func shown(_ label: String) -> String {
    label.quoted(limit: DNSName.maximumLabelLength)
  }

  static func isIPv4(_ text: String) -> Bool {
    var address = in_addr()
    return inet_pton(AF_INET, text, &address) == 1
  }

  static func isIPv6(_ text: String) -> Bool {
    var address = in6_addr()
    return inet_pton(AF_INET6, text, &address) == 1
  }
}
