import RolloutCore

/// Where the keys of profiles come from.
struct ProfileRecipes {
  let environment: Variables
  let content: SharedFiles.Content

  /// nil when there is no such profile.
  func profile(_ name: String) throws(CredentialProblem) -> MergedProfile? {
    do throws(UnreadableFile) {
      return try MergedProfile(name, in: content)
    } catch {
      throw CredentialProblem(error.description)
    }
  }

  // MARK: Roles

  /// The role that the profile assumes with other keys; nil when it assumes none. The keys in such a
  /// profile are for assuming the role.
  ///
  /// - Parameter path: the profiles that lead here by `source_profile`.
  func role(
    of profile: MergedProfile?, path: [String] = []
  ) throws(CredentialProblem) -> CredentialRecipe? {
    guard let profile, let arn = profile["role_arn"], profile["web_identity_token_file"] == nil
    else { return nil }
    if let serial = profile["mfa_serial"] {
      throw CredentialProblem(
        "\(serial.place): nobody can enter the code of a device here; use a role whose trust policy "
          + "needs no MFA, or a credential_process")
    }
    let source = try source(of: profile, role: arn, path: path + [profile.name])
    var role = AssumedRole(
      arn: try checked(arn, RoleRules.problem(withARN:)),
      externalID: try profile["external_id"].map { setting throws(CredentialProblem) in
        Secret(try checked(setting, RoleRules.problem(withExternalID:)))
      }, sessionName: try sessionName(of: profile) ?? Identity.defaultSessionName,
      region: try region(of: profile.name, for: arn.text), identity: Identity(profile: profile.name)
    )
    role.duration = try duration(of: profile)
    role.place = arn.place
    return .role(role, with: source)
  }

  private func source(
    of profile: MergedProfile, role: ProfileSetting, path: [String]
  ) throws(CredentialProblem) -> CredentialRecipe {
    switch (profile["source_profile"], profile["credential_source"]) {
    case (let source?, nil): return try keys(of: source, path: path)
    case (nil, let source?): return try namedSource(source, profile)
    case (let source?, .some):
      throw CredentialProblem(
        "\(source.place): the profile also has credential_source: remove one of them")
    case (nil, nil):
      throw CredentialProblem(
        "\(role.place): add source_profile or credential_source, which give the keys that the role "
          + "is assumed with")
    }
  }

  /// The keys of a profile that another one names as its source.
  private func keys(
    of source: ProfileSetting, path: [String]
  ) throws(CredentialProblem) -> CredentialRecipe {
    let name = source.text
    guard let profile = try profile(name) else {
      throw CredentialProblem("\(source.place): there is no profile \(name): write it")
    }
    let isOwn = path.last == name
    if path.contains(name), !isOwn || !profile.hasStaticKeys {
      let circle = (path.drop { $0 != name } + [name]).joined(separator: ", ")
      throw CredentialProblem(
        "\(source.place): the profiles lead in a circle (\(circle)): "
          + "one of them needs keys of its own, or credential_source")
    }
    if let web = try webIdentity(of: profile) { return web }
    // Keys have priority here: the profile stands for them, not for what they could assume.
    if !profile.hasStaticKeys, let role = try role(of: profile, path: path) { return role }
    if let keys = try ownKeys(of: profile) { return keys }
    throw CredentialProblem("\(source.place): profile \(name) has no keys: add aws_access_key_id")
  }

  private func namedSource(
    _ source: ProfileSetting, _ profile: MergedProfile
  ) throws(CredentialProblem) -> CredentialRecipe {
    switch source.text.lowercased() {
    case "environment":
      guard let keys = try CredentialChain.environmentKeys(environment) else {
        throw CredentialProblem("\(source.place): AWS_ACCESS_KEY_ID is not set: set it")
      }
      return .fixed(keys)
    case "ecscontainer":
      guard let endpoint = try ContainerEndpoint(environment: environment) else {
        throw CredentialProblem(
          "\(source.place): neither AWS_CONTAINER_CREDENTIALS_RELATIVE_URI nor "
            + "AWS_CONTAINER_CREDENTIALS_FULL_URI is set: this is no container of ECS or EKS, or "
            + "it has no role")
      }
      return .container(endpoint)
    case "ec2instancemetadata":
      do throws(CredentialProblem) {
        return .instanceMetadata(
          try InstanceMetadata(environment: environment, profile: profile, searched: nil))
      } catch {
        throw CredentialProblem("\(source.place): \(error)")
      }
    default:
      throw CredentialProblem(
        "\(source.place): write Environment, EcsContainer or Ec2InstanceMetadata")
    }
  }

  /// The role that is assumed with a token of another provider; nil when there is no token.
  ///
  /// - Parameter usingEnvironment: whether variables count. They have priority over the profile.
  func webIdentity(
    of profile: MergedProfile?, usingEnvironment: Bool = false
  ) throws(CredentialProblem) -> CredentialRecipe? {
    func setting(_ key: String, _ variable: String) -> ProfileSetting? {
      let value = usingEnvironment ? environment[variable] : nil
      return value.map { ProfileSetting(text: $0, place: variable) } ?? profile?[key]
    }
    guard let file = setting("web_identity_token_file", "AWS_WEB_IDENTITY_TOKEN_FILE") else {
      return nil
    }
    guard let arn = setting("role_arn", "AWS_ROLE_ARN") else {
      let missing =
        file.place.hasPrefix("AWS_") ? "AWS_ROLE_ARN is not set" : "there is no role_arn"
      throw CredentialProblem("\(file.place): \(missing): name the role that the token is for")
    }
    let session = setting("role_session_name", "AWS_ROLE_SESSION_NAME")
    return .webIdentity(
      WebIdentity(
        arn: try checked(arn, RoleRules.problem(withARN:)), tokenFile: file.text,
        sessionName: try session.map { setting throws(CredentialProblem) in
          try checked(setting, RoleRules.problem(withSessionName:))
        } ?? Identity.defaultSessionName,
        duration: try profile.flatMap { profile throws(CredentialProblem) in
          try duration(of: profile)
        },
        region: try region(of: profile?.name ?? "default", for: arn.text),
        identity: Identity(profile: profile?.name), place: file.place))
  }

  // MARK: Other keys

  /// Keys that the profile has or that its program prints; nil when it has neither.
  func ownKeys(of profile: MergedProfile) throws(CredentialProblem) -> CredentialRecipe? {
    if let keys = try profile.credentials?.credentials() { return .fixed(keys) }
    if let command = profile["credential_process"] {
      return .process(try CredentialProcess(command))
    }
    for key in ["sso_session", "sso_start_url", "login_session"] {
      guard let setting = profile[key] else { continue }
      let name = profile.name
      throw CredentialProblem(
        "\(setting.place): sessions of a person are not read here: add credential_process = "
          + "aws configure export-credentials --profile \(name) --format process, "
          + "or give the service a role of its own")
    }
    return try profile.config?.credentials().map { .fixed($0) }
  }

  // MARK: Parameters of a role

  /// The region of the STS that is asked: that of the variables, the profile's, or the one that every
  /// account of the role's partition has.
  func region(of profile: String, for arn: String) throws(CredentialProblem) -> Region {
    try configuredRegion(of: profile) ?? ProfileRecipes.commonRegion(for: arn)
  }

  /// The region of the variables or of the profile; nil where none is set.
  func configuredRegion(of profile: String) throws(CredentialProblem) -> Region? {
    let variable = ["AWS_REGION", "AWS_DEFAULT_REGION"].lazy.compactMap { name in
      environment[name].map { ProfileSetting(text: $0, place: name) }
    }.first
    let configured = try self.profile(profile)?["region"]
    guard let setting = variable ?? configured else { return nil }
    do throws(MalformedIdentifier) {
      return try Region(parsing: setting.text)
    } catch {
      throw CredentialProblem("\(setting.place): \(error)")
    }
  }

  private static func commonRegion(for arn: String) -> Region {
    if arn.hasPrefix("arn:aws-cn:") { return .cnNorth1 }
    return arn.hasPrefix("arn:aws-us-gov:") ? .usGovWest1 : .usEast1
  }

  private func sessionName(of profile: MergedProfile) throws(CredentialProblem) -> String? {
    guard let setting = profile["role_session_name"] else { return nil }
    return try checked(setting, RoleRules.problem(withSessionName:))
  }

  /// What STS accepts, in seconds.
  static let durations = 900...43_200

  private func duration(of profile: MergedProfile) throws(CredentialProblem) -> Int? {
    guard let setting = profile["duration_seconds"] else { return nil }
    guard let seconds = Int(setting.text), ProfileRecipes.durations.contains(seconds) else {
      throw CredentialProblem(
        "\(setting.place): write a number of seconds from \(ProfileRecipes.durations.lowerBound) to "
          + "\(ProfileRecipes.durations.upperBound)")
    }
    return seconds
  }

  private func checked(
    _ setting: ProfileSetting, _ problem: (String) -> String?
  ) throws(CredentialProblem) -> String {
    if let problem = problem(setting.text) {
      throw CredentialProblem("\(setting.place): \(problem)")
    }
    return setting.text
  }
}
