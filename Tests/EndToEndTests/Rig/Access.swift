import Glibc
import LosslessJSON

/// How the daemon gets the credentials of an account: keys of a mapping, and variables.
struct Access: Sendable {
  var mapping: [String: String] = [:]
  var environment: [String: String] = [:]
}

extension Scene {
  /// The account whose keys are in the environment of `Stage`.
  static let base = "123456789012"
  /// What the roles of `reached` require. It is looked for in everything that is written.
  static let externalID = "ExternalIdOfTheTests.0123456789"
  static let webIdentityToken = "WebIdentityTokenOfTheTests.0123456789"
  static let containerToken = "ContainerTokenOfTheTests.0123456789"
  static let container = "cert-rotator"

  static func role(_ account: String, _ name: String = "cert-rotator") -> String {
    "arn:aws:iam::\(account):role/\(name)"
  }

  /// A base account without domains, and as many accounts with a domain, each with a role that the
  /// base account, its role `hub`, and every other way may assume.
  ///
  /// - Parameter lifetime: how long the sessions of all roles last; nil: as requested.
  static func reached(_ accounts: Int = 1, lifetime: Double? = nil) -> JSONValue {
    let fleet = fleet(accounts)
    let own = (0..<accounts).map { account($0) }
    let keys: [JSONValue] = [Stage.account] + (fleet["accounts"]?.array ?? [])
    let hub = role(base, "hub")
    let seconds = lifetime.map { JSONValue.number(String($0)) } ?? .null
    let roles: [JSONValue] = own.map { account in
      [
        "arn": .string(role(account)), "trusted": [.string(base), .string(hub)],
        "external_id": .string(externalID), "web_identity_token": .string(webIdentityToken),
        "session_lifetime": seconds,
      ]
    }
    let middle: JSONValue = [
      "arn": .string(hub), "trusted": [.string(base)], "session_lifetime": seconds,
    ]
    let target = JSONValue.string(role(account(0)))
    return [
      "accounts": .array(keys), "roles": .array(roles + [middle]),
      "metadata": ["role": target],
      "containers": [
        [
          "name": .string(container), "role": target, "authorization": .string(containerToken),
        ]
      ],
      "domains": fleet["domains"] ?? [],
    ]
  }
}

/// The ways to the account of a domain in `Scene.reached`. Each writes the files that it needs.
extension Stage {
  /// No keys in the environment, so that the next source of the chain is used.
  private static let noKeys = [
    "AWS_ACCESS_KEY_ID": "", "AWS_SECRET_ACCESS_KEY": "", "AWS_SESSION_TOKEN": "",
  ]

  private var baseProfile: String {
    """
    [profile base]
    aws_access_key_id = \(environment["AWS_ACCESS_KEY_ID"] ?? "")
    aws_secret_access_key = \(environment["AWS_SECRET_ACCESS_KEY"] ?? "")
    aws_session_token = \(environment["AWS_SESSION_TOKEN"] ?? "")

    """
  }

  /// Writes a file whose name keeps it out of the search for secrets.
  private func writePrivate(_ name: String, _ text: String) throws -> String {
    let path = directory + "/private." + name
    try write(text, to: path)
    return path
  }

  /// The role is a key of the mapping, and the base account's keys are in the environment.
  func accessByRole(to account: String) -> Access {
    Access(mapping: [
      "role_arn": Scene.role(account), "external_id": Scene.externalID,
    ])
  }

  /// A profile with a role, through the profile of another role, from a profile with keys.
  func accessByProfiles(to account: String) throws -> Access {
    let path = try writePrivate(
      "config",
      baseProfile + """
        [profile hub]
        role_arn = \(Scene.role(Scene.base, "hub"))
        source_profile = base

        [profile target]
        role_arn = \(Scene.role(account))
        source_profile = hub
        external_id = \(Scene.externalID)
        role_session_name = through-the-hub

        """)
    return Access(
      mapping: ["profile": "target"],
      environment: Stage.noKeys.merging(["AWS_CONFIG_FILE": path]) { $1 })
  }

  /// A role with the token of a file.
  func accessByWebIdentity(to account: String) throws -> Access {
    let token = try writePrivate("token", Scene.webIdentityToken)
    return Access(
      environment: Stage.noKeys.merging([
        "AWS_WEB_IDENTITY_TOKEN_FILE": token, "AWS_ROLE_ARN": Scene.role(account),
        "AWS_ROLE_SESSION_NAME": "web-identity",
      ]) { $1 })
  }

  /// A program that prints the keys of the account.
  func accessByProcess(to account: String) throws -> Access {
    let answer: JSONValue = [
      "Version": 1, "AccessKeyId": .string("AKIASIMULATED\(account.suffix(7))"),
      "SecretAccessKey": .string("secret-of-\(account)"),
    ]
    let keys = try writePrivate("keys", answer.encoded)
    let path = try writePrivate(
      "config",
      """
      [profile target]
      credential_process = /bin/cat "\(keys)"

      """)
    return Access(
      mapping: ["profile": "target"],
      environment: Stage.noKeys.merging(["AWS_CONFIG_FILE": path]) { $1 })
  }

  /// The agent of a container. It serves the first account alone.
  func accessByContainer() throws -> Access {
    let token = try writePrivate("container-token", Scene.containerToken)
    return Access(
      environment: Stage.noKeys.merging([
        "AWS_CONTAINER_CREDENTIALS_FULL_URI": endpoint + "/v2/credentials/" + Scene.container,
        "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE": token,
      ]) { $1 })
  }

  /// The metadata service. It serves the first account alone.
  func accessByMetadata() -> Access {
    Access(
      environment: Stage.noKeys.merging(["AWS_EC2_METADATA_SERVICE_ENDPOINT": endpoint]) { $1 })
  }

  /// Configures every domain with the same access, and returns the variables of the daemon.
  func configure(_ access: Access) throws -> [String: String] {
    var config = config
    for index in config.mappings.indices {
      config.mappings[index].more.merge(access.mapping) { $1 }
    }
    try configure(config)
    return access.environment
  }

  /// Configures each domain with the role of its account.
  func configureRoles() throws {
    var config = config
    for index in config.mappings.indices {
      config.mappings[index].more.merge(
        accessByRole(to: Scene.account(index)).mapping
      ) { $1 }
    }
    try configure(config)
  }

  /// Everything secret that the simulator handed out or requires.
  func secrets() async throws -> [String] {
    (try await simulate("secrets")["secrets"]?.array ?? []).compactMap(\.string)
  }
}
