import RolloutCore

/// Classifies errors by the texts of Cognito, and of CloudFront that Cognito quotes.
enum CognitoErrorText {
  /// nil when the text is not known.
  static func kind(of message: String) -> Failure.Kind? {
    let text = message.lowercased().replacing("’", with: "'")
    func says(_ phrases: [String]) -> Bool { phrases.contains { text.contains($0) } }
    if says(wrongPoolTexts) { return .refused(.domainNotInPool) }
    if says(["not a valid subdomain", "for the parent domain"]) {
      return .refused(.parentDomainUnresolved)
    }
    if says(["dns record", "dns points", "dns for", "dns entry"]) && says(otherDistributionTexts) {
      return .refused(.dnsPointsElsewhere)
    }
    if text.contains("cnamealreadyexists")
      || (says(takenTexts) && says(alternateNameTexts))
    {
      return .refused(.cnameInUse)
    }
    if says(certificateTexts) || (text.contains("certificate") && says(rejectionTexts)) {
      return .certificateRejected
    }
    if says(["not authorized to perform", "access denied"]) { return .accessDenied }
    if says(["rate exceeded", "too many requests"]) { return .throttled }
    if says(["service unavailable", "temporarily unavailable", "internal server error"]) {
      return .server
    }
    if says(busyTexts) { return .conflict }
    // "TLS" in capitals only, because a domain name may contain the letters in lower case.
    let names = ["SecurityPolicy", "ManagedLoginVersion", "TLS"].contains { message.contains($0) }
    if names || says(["security policy", "managed login"]) { return .refused(.settingsRejected) }
    return nil
  }

  private static let wrongPoolTexts = [
    "should have a custom domain associated", "no such domain or user pool",
    "associated with another user pool",
  ]

  private static let otherDistributionTexts = [
    "points to another", "point to another", "points to a different", "another cloudfront",
    "different distribution",
  ]

  private static let takenTexts = [
    "already associated with", "already in use", "already exists", "associated with a different",
    "associated with another",
  ]

  private static let alternateNameTexts = [
    "cname", "alias", "alternate domain name", "different resource", "distribution",
  ]

  private static let certificateTexts = [
    "specified ssl certificate", "invalidviewercertificate", "attach a trusted certificate",
    "validates your authorization",
  ]

  private static let rejectionTexts = [
    "doesn't exist", "does not exist", "isn't valid", "is not valid", "invalid certificate",
    "certificate is invalid", "isn't in us-east-1", "not in us-east-1", "must be in us-east-1",
    "certificate chain", "not issued", "isn't issued", "certificate not found",
  ]

  /// Cognito's text for a domain that is being updated is not published. These are likely ones.
  private static let busyTexts = [
    "being updated", "being created", "is updating", "currently updating", "already updating",
    "status updating", "status: updating", "in progress", "not in a valid state",
    "not in valid state", "invalid state", "not in an active state", "is not active",
    "not in active",
  ]
}
