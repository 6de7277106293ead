import RolloutCore

extension FakeCloud {
  mutating func performSTS(_ call: CallContext) throws(ServiceError) -> Reply {
    switch call.request.operation {
    case "GetCallerIdentity": return .xml(callerIdentity(call))
    case "AssumeRole": return .xml(try assumeRole(call))
    default: throw .unknownOperation
    }
  }

  private func callerIdentity(_ call: CallContext) -> String {
    XMLText.answer(
      call.request.operation, call.requestID,
      """
          <Arn>\(XMLText.escape(call.key.principal))</Arn>
          <UserId>AIDA\(random.letters(17, "user", call.key.principal))</UserId>
          <Account>\(call.account)</Account>
      """)
  }

  /// The valid durations of an assumed role, in seconds.
  static let roleDurations: ClosedRange<Int64> = 900...43_200
  /// The limit of stored keys. When it is reached, expired keys are removed.
  static let maximumKeys = 20_000

  private mutating func assumeRole(_ call: CallContext) throws(ServiceError) -> String {
    let form = call.request.form
    let name = form["RoleSessionName"] ?? ""
    let arn = form["RoleArn"] ?? ""
    let seconds = Int64(form["DurationSeconds"] ?? "3600") ?? 0
    guard (2...64).contains(name.utf8.count) else {
      throw .validation(
        "1 validation error detected: Value '\(name)' at 'roleSessionName' failed to satisfy "
          + "constraint: Member must have length greater than or equal to 2")
    }
    guard FakeCloud.roleDurations.contains(seconds) else {
      throw .validation(
        "1 validation error detected: Value '\(seconds)' at 'durationSeconds' failed to satisfy "
          + "constraint: Member must have value greater than or equal to 900")
    }
    guard let role = roles[arn], (role.externalID?.text ?? form["ExternalId"]) == form["ExternalId"]
    else {
      throw ServiceError(
        "AccessDenied",
        "User: \(call.key.principal) is not authorized to perform: sts:AssumeRole on resource: "
          + arn)
    }
    let session = "arn:aws:sts::\(role.account):assumed-role/\(role.name)/\(name)"
    let key = FakeAccessKey(
      id: "ASIA" + random.letters(16, "key", call.requestID),
      secret: random.letters(40, "secret", call.requestID),
      sessionToken: random.letters(200, "token", call.requestID), account: role.account,
      principal: session, expiresAt: call.now + .seconds(seconds))
    if keys.count >= FakeCloud.maximumKeys {
      keys = keys.filter { ($0.value.expiresAt ?? call.now) >= call.now }
    }
    keys[key.id] = key
    return XMLText.answer(
      call.request.operation, call.requestID,
      """
          <AssumedRoleUser>
            <AssumedRoleId>AROA\(random.letters(17, "role", arn)):\(XMLText.escape(name))</AssumedRoleId>
            <Arn>\(XMLText.escape(session))</Arn>
          </AssumedRoleUser>
          <Credentials>
            <AccessKeyId>\(key.id)</AccessKeyId>
            <SecretAccessKey>\(key.secret.text)</SecretAccessKey>
            <SessionToken>\(key.sessionToken?.text ?? "")</SessionToken>
            <Expiration>\((call.now + .seconds(seconds)).wholeSeconds.rfc3339)</Expiration>
          </Credentials>
      """)
  }
}
