/// How the variables that decide about credentials and endpoints differ between the service and this
/// command. Values are compared and never shown.
struct EnvironmentComparison {
  /// `AWS_PROFILE differs`, `AWS_REGION is set for the service only`; by name.
  let differences: [String]

  /// The content of a file; nil where it cannot be read.
  typealias Reader = (_ path: String) -> [UInt8]?

  /// - Parameters:
  ///   - bytes: as in `/proc/PID/environ`.
  ///   - there: reads a file as the service sees it. Two files with one content are the same: systemd
  ///     gives the service a copy.
  ///   - here: reads a file as this command sees it.
  init(
    service bytes: [UInt8], own: [String: String], reading there: Reader, _ here: Reader
  ) {
    let service = EnvironmentComparison.relevant(EnvironmentComparison.variables(bytes))
    let own = EnvironmentComparison.relevant(own)
    differences = Set(service.keys).union(own.keys).sorted().compactMap { name in
      switch (service[name], own[name]) {
      case (let value?, let other?):
        if value == other { return nil }
        if EnvironmentComparison.files.contains(name), let content = there(value),
          content == here(other)
        {
          return nil
        }
        return "\(name) differs"
      case (.some, nil): return "\(name) is set for the service only"
      case (nil, .some): return "\(name) is set for this command only"
      case (nil, nil): return nil
      }
    }
  }

  private static let sharedCredentials = "AWS_SHARED_CREDENTIALS_FILE"
  /// Those that name a file.
  private static let files: Set<String> = [
    sharedCredentials, "AWS_CONFIG_FILE", "AWS_CA_BUNDLE", "AWS_WEB_IDENTITY_TOKEN_FILE",
    "AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE",
  ]
  private static let proxies = ["http_proxy", "https_proxy", "all_proxy", "no_proxy"]

  private static func variables(_ bytes: [UInt8]) -> [String: String] {
    var variables: [String: String] = [:]
    for entry in bytes.split(separator: 0) {
      guard let sign = entry.firstIndex(of: UInt8(ascii: "=")) else { continue }
      variables[String(decoding: entry[..<sign], as: UTF8.self)] =
        String(decoding: entry[(sign + 1)...], as: UTF8.self)
    }
    return variables
  }

  /// Without those that do not matter. An empty variable counts as unset, as in the SDKs.
  private static func relevant(_ variables: [String: String]) -> [String: String] {
    var relevant = variables.filter { name, value in
      !value.isEmpty && (name.hasPrefix("AWS_") || proxies.contains(name.lowercased()))
    }
    // The file of systemd's LoadCredential=, which is used where no other is named.
    if relevant[sharedCredentials] == nil, let directory = variables["CREDENTIALS_DIRECTORY"] {
      relevant[sharedCredentials] = directory + "/aws-credentials"
    }
    return relevant
  }
}
