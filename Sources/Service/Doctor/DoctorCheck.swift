/// One thing that `doctor` looked at, and what came of it.
package struct DoctorCheck: Equatable, Sendable {
  package var kind: Kind
  /// What was looked at: a domain, a path, an identity, the name of an IAM action.
  package var object: String
  package var result: Result
  /// What was seen, or why nothing could be seen.
  package var detail: String
  /// What to do; nil where there is nothing to do.
  package var fix: String?
  /// Set where an IAM permission is missing or may be.
  package var permission: MissingPermission?

  package init(
    _ kind: Kind, _ object: String, _ result: Result, _ detail: String, fix: String? = nil,
    permission: MissingPermission? = nil
  ) {
    self.kind = kind
    self.object = object
    self.result = result
    self.detail = detail
    self.fix = fix
    self.permission = permission
  }

  /// In the order in which they are shown.
  package enum Kind: String, Sendable, CaseIterable {
    case config, credentials, iam, domain, endpoint, dns
    case parentDNS = "parent_dns"
    case edge, roots, clock
    case stateFile = "state_file"
    case heartbeat
    /// The condition of the domains, as the service knows it.
    case condition
    case unitCredentials = "unit_credentials"
  }

  /// The worst first.
  package enum Result: String, Sendable, CaseIterable {
    case failed, warning, untested, ok
  }
}

/// What a principal is not allowed to do.
package struct MissingPermission: Hashable, Sendable {
  package var account: String
  /// The ARN of the user or role.
  package var principal: String
  package var action: String
  package var resources: [String]

  package init(account: String, principal: String, action: String, resources: [String] = ["*"]) {
    self.account = account
    self.principal = principal
    self.action = action
    self.resources = resources
  }
}
