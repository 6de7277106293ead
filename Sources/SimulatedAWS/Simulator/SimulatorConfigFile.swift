import LosslessJSON
import RolloutCore

/// A configuration and an environment with which cognito-certd uses a running simulator. The window is
/// forty seconds instead of an hour.
package struct SimulatorConfigFile: Sendable {
  package let yaml: String
  /// A shared credentials file; nil when there is one account, whose key is in the environment.
  package let credentials: String?
  package let environment: [(name: String, value: String)]

  package init(_ simulator: Simulator, stateFile: String, credentialsPath: String) {
    let accounts = simulator.accounts
    let usesProfiles = accounts.count > 1 || accounts.isEmpty
    var lines = [
      "# Written by cognito-certd-simulator.",
      "poll_interval: 1s",
      "state_file: \(SimulatorConfigFile.quoted(stateFile))",
      "retry:",
      "  initial: 1s",
      "  maximum: 5s",
      "propagation:",
      "  window: 40s",
      "  check_interval: 1s",
      "  max_check_interval: 3s",
      "domains:",
    ]
    for domain in simulator.domains {
      lines += SimulatorConfigFile.mapping(domain, caFile: simulator.caFile, usesProfiles)
    }
    yaml = lines.joined(separator: "\n") + "\n"
    var environment = [("AWS_ENDPOINT_URL", simulator.endpoint), ("AWS_REGION", "us-east-1")]
    if usesProfiles {
      credentials = accounts.map(SimulatorConfigFile.profile).joined(separator: "\n")
      environment.append(("AWS_SHARED_CREDENTIALS_FILE", credentialsPath))
    } else {
      credentials = nil
      for account in accounts {
        environment.append(("AWS_ACCESS_KEY_ID", account.accessKeyID))
        environment.append(("AWS_SECRET_ACCESS_KEY", account.secret.text))
        if let token = account.sessionToken {
          environment.append(("AWS_SESSION_TOKEN", token.text))
        }
      }
    }
    self.environment = environment.map { (name: $0.0, value: $0.1) }
  }

  private static func mapping(
    _ domain: Simulator.Domain, caFile: String, _ usesProfiles: Bool
  ) -> [String] {
    var lines = [
      "  - domain: \(quoted(domain.name))",
      "    user_pool_id: \(quoted(domain.userPoolID))",
      "    region: \(quoted(domain.region))",
    ]
    if usesProfiles { lines.append("    profile: \(quoted("account-" + domain.account))") }
    lines += [
      "    certificate:",
      "      any: true",
      "    ca_file: \(quoted(caFile))",
      "    probe:",
    ]
    if domain.addresses.isEmpty {
      lines.append("      enabled: false")
    } else {
      lines.append("      connect_to:")
      lines += domain.addresses.map { "        - \(quoted($0))" }
    }
    return lines
  }

  private static func profile(_ account: Scenario.Account) -> String {
    var lines = [
      "[account-\(account.number)]", "aws_access_key_id = \(account.accessKeyID)",
      "aws_secret_access_key = \(account.secret.text)",
    ]
    if let token = account.sessionToken { lines.append("aws_session_token = \(token.text)") }
    return lines.joined(separator: "\n") + "\n"
  }

  /// A JSON string is also a double-quoted YAML string.
  private static func quoted(_ text: String) -> String { JSONValue.string(text).encoded }
}
