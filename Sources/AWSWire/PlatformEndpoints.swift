/// The hosts that give credentials to the containers and instances that run on them.
extension ContainerEndpoint {
  /// The endpoint that the variables name; nil when they name none.
  init?(environment: Variables) throws(CredentialProblem) {
    if let path = environment["AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"] {
      let name = "AWS_CONTAINER_CREDENTIALS_RELATIVE_URI"
      guard path.hasPrefix("/"), isPrintable(path) else {
        throw CredentialProblem("\(name) is not a path: it begins with a slash")
      }
      url = "http://\(ContainerEndpoint.ecsHost)\(path)"
    } else if let full = environment["AWS_CONTAINER_CREDENTIALS_FULL_URI"] {
      try ContainerEndpoint.check(full)
      url = full
    } else {
      return nil
    }
    if let path = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN_FILE"] {
      authorization = .file(path)
    } else if let token = environment["AWS_CONTAINER_AUTHORIZATION_TOKEN"] {
      authorization = .token(Secret(token))
    } else {
      authorization = .none
    }
  }

  private static let ecsHost = "169.254.170.2"
  /// Where the token may be sent without TLS, besides this machine: ECS, and EKS by IPv4 and IPv6.
  private static let plainHosts: Set<String> = [ecsHost, "169.254.170.23", "[fd00:ec2::23]"]

  private static func check(_ url: String) throws(CredentialProblem) {
    let name = "AWS_CONTAINER_CREDENTIALS_FULL_URI"
    guard isPrintable(url), !url.contains("#") else {
      throw CredentialProblem("\(name) is not a URL: correct it")
    }
    let isPlain = url.hasPrefix("http://")
    guard isPlain || url.hasPrefix("https://") else {
      throw CredentialProblem("\(name) begins with neither https:// nor http://: correct it")
    }
    let location = url.dropFirst(isPlain ? 7 : 8)
    let authority = location.prefix { $0 != "/" && $0 != "?" }
    guard !authority.contains("@"), let host = host(of: authority) else {
      throw CredentialProblem("the host or port in \(name) is malformed: correct it")
    }
    if isPlain, !plainHosts.contains(host), !isLoopback(host) {
      throw CredentialProblem(
        "\(name) names the host \(host) without TLS: use https, or one of localhost, a loopback "
          + "address, \(plainHosts.sorted().joined(separator: ", "))")
    }
  }

  /// The host in lower case, an IPv6 address in brackets; nil when it is malformed.
  private static func host(of authority: Substring) -> String? {
    let host: Substring
    if authority.hasPrefix("[") {
      guard let bracket = authority.firstIndex(of: "]") else { return nil }
      host = authority[...bracket]
    } else {
      host = authority.prefix { $0 != ":" }
    }
    let port = authority.dropFirst(host.count)
    let isPort =
      port.isEmpty || (port.hasPrefix(":") && UInt16(port.dropFirst()).map { $0 > 0 } == true)
    let isHost =
      !host.isEmpty && host.allSatisfy { $0.isLetter || $0.isNumber || "-._:[]".contains($0) }
    return isHost && isPort ? host.lowercased() : nil
  }

  /// Not a name that only begins like a loopback address, such as `127.0.0.1.example.com`.
  private static func isLoopback(_ host: String) -> Bool {
    if host == "localhost" || host == "[::1]" { return true }
    let parts = host.split(separator: ".", omittingEmptySubsequences: false)
    return parts.count == 4 && parts.first == "127" && parts.allSatisfy { UInt8($0) != nil }
  }
}

extension InstanceMetadata {
  /// Throws when the service is switched off, or a setting is malformed.
  init(
    environment: Variables, profile: MergedProfile?, searched: String?
  ) throws(CredentialProblem) {
    let switchOff = "AWS_EC2_METADATA_DISABLED"
    if environment[switchOff]?.lowercased() == "true" {
      throw CredentialProblem("the instance metadata is not asked because \(switchOff) is true")
    }
    func setting(_ key: String) -> ProfileSetting? {
      let variable = "AWS_" + key.uppercased()
      return environment[variable].map { ProfileSetting(text: $0, place: variable) }
        ?? profile?[key]
    }
    self.searched = searched
    if let configured = setting("ec2_metadata_service_endpoint") {
      do throws(MalformedEndpoint) {
        let url = try EndpointURL(parsing: configured.text, setting: configured.place).text
        endpoint = url.hasSuffix("/") ? String(url.dropLast()) : url
        return
      } catch {
        throw CredentialProblem(error.description)
      }
    }
    let mode = setting("ec2_metadata_service_endpoint_mode")
    switch mode?.text.lowercased() {
    case nil, "ipv4": endpoint = "http://169.254.169.254"
    case "ipv6": endpoint = "http://[fd00:ec2::254]"
    case .some: throw CredentialProblem("\(mode?.place ?? ""): write IPv4 or IPv6")
    }
  }
}
