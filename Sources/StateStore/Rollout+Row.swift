import LosslessJSON
import RolloutCore

extension Rollout {
  func rowValues(of domain: DomainName) -> Table.Values {
    [
      "id": id,
      "domain": domain.text,
      "certificate_arn": certificate.text,
      "previous_certificate_arn": previous?.text,
      "cause": cause.rawValue,
      "phase": phase.rawValue,
      "started_at": startedAt.milliseconds,
      "submitted_at": submittedAt?.milliseconds,
      "deadline": deadline?.milliseconds,
      "completed_at": completedAt?.milliseconds,
      "proof": proof?.rawValue,
      "attempts": attempts,
      "failures": failures,
      "resubmits": resubmits,
      "checks": checks,
      "confirmations": confirmations,
      "next_step_at": nextStepAt?.milliseconds,
      "fresh_until": freshUntil?.milliseconds,
      "settings": settings?.stored.encoded,
      "last_error": lastError,
      "refusal": refusal,
      "mapping_fingerprint": mappingFingerprint,
    ]
  }

  init(_ row: RowReader) throws(MalformedRow) {
    self.init(
      id: try row.text("id"),
      certificate: try row.parsed("certificate_arn", CertificateARN.init(parsing:)),
      previous: try row.optionalCertificate("previous_certificate_arn"),
      cause: try row.choice("cause", of: Cause.self),
      phase: try row.choice("phase", of: Phase.self),
      startedAt: try row.instant("started_at"),
      submittedAt: try row.optionalInstant("submitted_at"),
      deadline: try row.optionalInstant("deadline"),
      completedAt: try row.optionalInstant("completed_at"),
      proof: try row.optionalChoice("proof", of: Proof.self),
      attempts: try row.count("attempts"),
      failures: try row.count("failures"),
      resubmits: try row.count("resubmits"),
      checks: try row.count("checks"),
      confirmations: try row.count("confirmations"),
      nextStepAt: try row.optionalInstant("next_step_at"),
      freshUntil: try row.optionalInstant("fresh_until"),
      settings: try Rollout.settings(row),
      lastError: try row.optionalText("last_error"),
      refusal: try row.optionalText("refusal"),
      mappingFingerprint: try row.text("mapping_fingerprint"))
  }

  private static func settings(_ row: RowReader) throws(MalformedRow) -> EchoedSettings? {
    guard let value = try row.optionalJSON("settings") else { return nil }
    guard let settings = EchoedSettings(stored: value) else {
      throw row.malformed("settings", "does not have the form of echoed settings")
    }
    return settings
  }
}

extension EchoedSettings {
  private static let customDomainConfigName = "custom_domain_config"
  private static let topLevelName = "top_level"

  /// Each member's JSON text is kept as a string, so that it comes back letter by letter.
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
