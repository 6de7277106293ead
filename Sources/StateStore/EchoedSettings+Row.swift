import LosslessJSON
import RolloutCore

extension RowReader {
  func settings(_ column: String) throws(MalformedRow) -> EchoedSettings {
    try required(column, optionalSettings(column))
  }

  func optionalSettings(_ column: String) throws(MalformedRow) -> EchoedSettings? {
    guard let value = try optionalJSON(column) else { return nil }
    guard let settings = EchoedSettings(stored: value) else {
      throw malformed(column, "does not have the form of echoed settings")
    }
    return settings
  }
}

extension EchoedSettings {
  private static let customDomainConfigName = "custom_domain_config"
  private static let topLevelName = "top_level"

  /// Each member's JSON text is kept as a string, so that it is read back unchanged.
  var stored: JSONValue {
    [
      EchoedSettings.customDomainConfigName: EchoedSettings.object(customDomainConfig),
      EchoedSettings.topLevelName: EchoedSettings.object(topLevel),
    ]
  }

  init?(stored value: JSONValue) {
    guard value.members?.count == 2,
      let inner = EchoedSettings.texts(value[EchoedSettings.customDomainConfigName]),
      let outer = EchoedSettings.texts(value[EchoedSettings.topLevelName])
    else { return nil }
    self.init(customDomainConfig: inner, topLevel: outer)
  }

  private static func object(_ texts: [String: String]) -> JSONValue {
    .object(
      texts.sorted { $0.key < $1.key }.map { JSONValue.Member($0.key, .string($0.value)) })
  }

  /// The members of an object of strings, each of which must be JSON: it is sent to Cognito.
  private static func texts(_ value: JSONValue?) -> [String: String]? {
    guard let members = value?.members else { return nil }
    var texts: [String: String] = [:]
    for member in members {
      guard let text = member.value.string, isJSON(text) else { return nil }
      texts[member.name] = text
    }
    return texts
  }

  private static func isJSON(_ text: String) -> Bool {
    do throws(JSONError) {
      _ = try JSONValue(parsing: text)
      return true
    } catch {
      return false
    }
  }
}
