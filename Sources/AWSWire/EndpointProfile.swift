/// What a profile of the shared AWS files says about endpoints. As in botocore, a key in the
/// credentials file has priority over the one in the config file.
struct EndpointProfile {
  private var profiles: [SharedProfile] = []
  /// The URLs of single services in the `[services]` section of the profile, by their names there.
  private var services: [String: ProfileSetting] = [:]

  /// A profile that says nothing.
  init() {}

  init(
    _ name: String, in content: SharedFiles.Content, of files: SharedFiles
  ) throws(MalformedEndpoint) {
    do throws(UnreadableFile) {
      let config = try EndpointProfile.accessible(
        content.config, files.isDefault(content.configPath))
      let credentials = try EndpointProfile.accessible(
        content.credentials, files.isDefault(content.credentialsPath))
      profiles = [
        try SharedProfile.credentials(name, in: credentials),
        try SharedProfile.config(name, in: config),
      ].compactMap { $0 }
      guard let services = self["services"] else { return }
      self.services = try EndpointProfile.urls(in: config, services)
    } catch {
      throw MalformedEndpoint(setting: "the endpoints of profile \(name)", problem: "\(error)")
    }
  }

  subscript(key: String) -> ProfileSetting? {
    for profile in profiles {
      if let text = profile.value(key) {
        return ProfileSetting(
          text: text, place: "\(key) of profile \(profile.name) in \(profile.path)")
      }
    }
    return nil
  }

  func endpoint(of service: AWSService) -> ProfileSetting? {
    services[service.settingName] ?? self["endpoint_url"]
  }

  /// A file below the home directory that this process may not open counts as absent, as in botocore:
  /// a service with its keys in the environment has no use for it.
  private static func accessible(
    _ read: () throws(UnreadableFile) -> SharedFile?, _ isDefault: Bool
  ) throws(UnreadableFile) -> SharedFile? {
    do throws(UnreadableFile) {
      return try read()
    } catch {
      guard error.isInaccessible, isDefault else { throw error }
      return nil
    }
  }

  private static func urls(
    in file: SharedFile?, _ services: ProfileSetting
  ) throws(UnreadableFile) -> [String: ProfileSetting] {
    let header = "services \(services.text)"
    guard let file, let section = file.content.sections[header] else {
      throw UnreadableFile(
        "\(services.place) names a section that the config file does not have: "
          + "write it, or remove the key")
    }
    if let problem = section.problem { throw UnreadableFile(problem) }
    var urls: [String: ProfileSetting] = [:]
    for (service, keys) in section.nested {
      guard let text = keys["endpoint_url"], !text.isEmpty else { continue }
      urls[service] = ProfileSetting(
        text: text, place: "endpoint_url of \(service) in [\(header)] of \(file.path)")
    }
    return urls
  }
}
