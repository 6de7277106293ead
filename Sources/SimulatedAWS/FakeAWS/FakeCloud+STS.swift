import RolloutCore

extension FakeCloud {
  mutating func performSTS(_ call: CallContext) throws(ServiceError) -> Reply {
    let version = call.request.form["Version"] ?? "NO_VERSION_SPECIFIED"
    guard version == STSInput.version else {
      throw ServiceError(
        "InvalidAction",
        "Could not find operation \(call.request.operation) for version \(version)")
    }
    switch call.request.operation {
    case "GetCallerIdentity": return .xml(callerIdentity(call))
    case "AssumeRole": return .xml(try assumeRole(call))
    case "AssumeRoleWithWebIdentity": return .xml(try assumeRoleWithWebIdentity(call))
    default: throw .unknownOperation
    }
  }

  private func callerIdentity(_ call: CallContext) -> String {
    let session = call.key.principal.split(separator: "/").last.map(String.init) ?? ""
    let user =
      call.key.role.map { "\(roleID(of: $0)):\(session)" }
      ?? "AIDA" + random.letters(17, "user", call.key.principal)
    return XMLText.answer(
      call.request.operation, call.requestID,
      """
          <Arn>\(XMLText.escape(call.key.principal))</Arn>
          <UserId>\(XMLText.escape(user))</UserId>
          <Account>\(call.account)</Account>
      """)
  }

  /// The limit of stored keys. When it is reached, expired keys are removed.
  static let maximumKeys = 20_000
  /// The longest session that the session of another role may request, in seconds.
  private static let maximumChainedSeconds: Int64 = 3600

  private mutating func assumeRole(_ call: CallContext) throws(ServiceError) -> String {
    var input = STSInput(call.request.form)
    let (arn, name, seconds) = (input.roleARN(), input.sessionName(), input.seconds())
    let externalID = input.externalID()
    try input.check()
    guard FakeRole.isRole(arn) else { throw STSInput.invalid("\(arn) is invalid") }
    guard let role = roles[arn], role.trusts(call.key),
      role.externalID == nil || role.externalID?.text == externalID
    else { throw .roleRefused(call.key.principal, call.request) }
    guard call.key.role == nil || seconds <= FakeCloud.maximumChainedSeconds else {
      throw STSInput.invalid(
        "The requested DurationSeconds exceeds the 1 hour session limit for roles assumed by "
          + "role chaining.")
    }
    return try session(of: role, name, seconds, call)
  }

  private mutating func assumeRoleWithWebIdentity(
    _ call: CallContext
  ) throws(ServiceError) -> String {
    var input = STSInput(call.request.form)
    let (arn, name, seconds) = (input.roleARN(), input.sessionName(), input.seconds())
    let token = SimulatedSecret(input.webIdentityToken())
    try input.check()
    guard FakeRole.isRole(arn) else { throw STSInput.invalid("\(arn) is invalid") }
    guard let role = roles[arn], let expected = role.webIdentityToken else {
      throw .roleRefused("", call.request)
    }
    guard !role.expiredTokens.contains(token) else {
      let now = call.awsNow.milliseconds / 1000
      throw ServiceError(
        "ExpiredTokenException",
        "Token expired: current date/time \(now) must be before the expiration date/time \(now - 1)"
      )
    }
    guard token == expected else {
      throw ServiceError(
        "InvalidIdentityToken",
        "The ID Token provided is not a valid JWT. (You may see this error if you sent an Access "
          + "Token)")
    }
    return try session(
      of: role, name, seconds, call,
      more: """
            <SubjectFromWebIdentityToken>system:serviceaccount:default:cognito-certd</SubjectFromWebIdentityToken>
            <Audience>sts.amazonaws.com</Audience>
            <Provider>arn:aws:iam::\(role.account):oidc-provider/oidc.example.com</Provider>

        """)
  }

  private mutating func session(
    of role: FakeRole, _ name: String, _ seconds: Int64, _ call: CallContext, more: String = ""
  ) throws(ServiceError) -> String {
    guard .seconds(seconds) <= role.maximumDuration else {
      throw STSInput.invalid(
        "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    }
    let key = openSession(
      of: role, named: name, lifetime: role.sessionLifetime ?? .seconds(seconds),
      purpose: call.requestID, at: call.awsNow)
    return XMLText.answer(
      call.request.operation, call.requestID,
      more
        + """
            <AssumedRoleUser>
              <AssumedRoleId>\(XMLText.escape("\(roleID(of: role.arn)):\(name)"))</AssumedRoleId>
              <Arn>\(XMLText.escape(key.principal))</Arn>
            </AssumedRoleUser>
            <Credentials>
              <AccessKeyId>\(key.id)</AccessKeyId>
              <SecretAccessKey>\(key.secret.text)</SecretAccessKey>
              <SessionToken>\(key.sessionToken?.text ?? "")</SessionToken>
              <Expiration>\((key.expiresAt ?? call.awsNow).rfc3339)</Expiration>
            </Credentials>
        """)
  }

  private func roleID(of arn: String) -> String { "AROA" + random.letters(17, "role", arn) }

  /// Creates keys of a role. They expire at a whole second, as their answer says.
  ///
  /// - Parameter purpose: what tells these keys from all others.
  mutating func openSession(
    of role: FakeRole, named name: String, lifetime: Duration, purpose: String,
    at awsNow: Instant
  ) -> FakeAccessKey {
    let key = FakeAccessKey(
      id: "ASIA" + random.letters(16, "key", purpose),
      secret: random.letters(40, "secret", purpose),
      sessionToken: random.letters(200, "token", purpose), account: role.account,
      principal: "arn:aws:sts::\(role.account):assumed-role/\(role.name)/\(name)",
      expiresAt: (awsNow + lifetime).wholeSeconds, role: role.arn)
    if keys.count >= FakeCloud.maximumKeys {
      keys = keys.filter { ($0.value.expiresAt ?? awsNow) >= awsNow }
    }
    keys[key.id] = key
    return key
  }
}
