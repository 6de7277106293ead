import LosslessJSON
import RolloutCore
import Testing
import Transport

@testable import SimulatedAWS

extension FakeAWSCaller {
  struct Session {
    var status: Int
    var text: String

    func field(_ name: String) -> String? {
      guard let start = text.firstRange(of: "<\(name)>")?.upperBound,
        let end = text.firstRange(of: "</\(name)>")?.lowerBound
      else { return nil }
      return String(text[start..<end])
    }

    var code: String? { field("Code") }
    var message: String? { field("Message") }
  }

  func sts(
    _ action: String, _ fields: [String: String] = [:], at now: Instant = start
  ) -> Session {
    answered(
      aws.handle(
        signed(
          url: "https://sts.us-east-1.amazonaws.com/", service: "sts", region: "us-east-1",
          headers: [Header("Content-Type", "application/x-www-form-urlencoded")],
          body: form(action, fields), at: now), at: now))
  }

  /// A request without a signature.
  func unsigned(
    _ action: String, _ fields: [String: String], at now: Instant = start
  ) -> Session {
    answered(
      aws.handle(
        HTTPRequest(
          url: "https://sts.us-east-1.amazonaws.com/",
          headers: [Header("Content-Type", "application/x-www-form-urlencoded")],
          body: form(action, fields)), at: now))
  }

  func assume(
    _ arn: String, _ more: [String: String] = [:], at now: Instant = start
  ) -> Session {
    sts(
      "AssumeRole",
      ["RoleArn": arn, "RoleSessionName": "test"].merging(more) { $1 }, at: now)
  }

  /// A caller with the keys of a session.
  func with(_ session: Session) throws -> FakeAWSCaller {
    var caller = self
    caller.keyID = try #require(session.field("AccessKeyId"))
    caller.secret = try #require(session.field("SecretAccessKey"))
    let token: String = try #require(session.field("SessionToken"))
    caller.token = token
    return caller
  }

  private func answered(_ response: HTTPResponse) -> Session {
    Session(status: response.status, text: String(decoding: response.body, as: UTF8.self))
  }

  private func form(_ action: String, _ fields: [String: String]) -> [UInt8] {
    let all = ["Action": action, "Version": "2011-06-15"].merging(fields) { $1 }
    let pairs = all.sorted { $0.key < $1.key }
      .map { "\($0.key)=\(PercentText.encode($0.value))" }
    return Array(pairs.joined(separator: "&").utf8)
  }
}

@Suite("Roles of the simulated AWS")
struct FakeAWSRoleTests {
  let start = FakeAWSCaller.start
  let caller = FakeAWSCaller()
  let target = "arn:aws:iam::999999999999:role/deep/path/cert-rotator"
  let session = "arn:aws:sts::999999999999:assumed-role/cert-rotator/test"

  func add(_ arn: String, _ change: (inout FakeRole) -> Void = { _ in }) {
    var role = FakeRole(arn: arn)
    change(&role)
    let changed = role
    caller.aws.withCloud { $0.add(changed) }
  }

  func refusal(of principal: String, _ arn: String) -> String {
    "User: \(principal) is not authorized to perform: sts:AssumeRole on resource: \(arn)"
  }

  @Test("GetCallerIdentity names a user, and under the keys of a role its session")
  func identities() throws {
    add(target)
    let user = caller.sts("GetCallerIdentity")
    #expect(user.field("Account") == "123456789012")
    #expect(user.field("Arn") == "arn:aws:iam::123456789012:user/cert-rotator")
    #expect(user.field("UserId")?.hasPrefix("AIDA") == true)
    let answer = caller.assume(target)
    #expect(answer.field("Arn") == session)
    let role = try caller.with(answer).sts("GetCallerIdentity")
    #expect(role.field("Account") == "999999999999" && role.field("Arn") == session)
    #expect(role.field("UserId") == answer.field("AssumedRoleId"))
    #expect(role.field("UserId")?.hasSuffix(":test") == true)
  }

  @Test("the keys of a session work to the instant before they expire, for every protocol")
  func expiry() throws {
    add(target)
    let answer = caller.assume(target, ["DurationSeconds": "900"])
    #expect(answer.field("Expiration") == "2026-11-23T21:51:51Z")
    let assumed = try caller.with(answer)
    #expect(assumed.keyID.hasPrefix("ASIA") && assumed.keyID.utf8.count == 20)
    let (before, end) = (start + .seconds(900) - .milliseconds(1), start + .seconds(900))
    #expect(assumed.acm("ListCertificates", at: before).status == 200)
    #expect(assumed.sts("GetCallerIdentity", at: before).status == 200)
    let json = assumed.acm("ListCertificates", at: end)
    #expect(json.status == 400 && json.code == "ExpiredTokenException")
    #expect(assumed.resources(at: end).code == "ExpiredTokenException")
    let query = assumed.sts("GetCallerIdentity", at: end)
    #expect(query.status == 403 && query.code == "ExpiredToken")
    let last = caller.aws.withCloud { $0.calls.last }
    #expect(last?.account == "999999999999" && last?.principal == session)
  }

  @Test("the keys of a session need their own token")
  func tokens() throws {
    add(target)
    var assumed = try caller.with(caller.assume(target))
    let token = assumed.token
    for wrong in [nil, "", (token ?? "") + "x"] {
      assumed.token = wrong
      #expect(assumed.acm("ListCertificates").code == "UnrecognizedClientException")
      let answer = assumed.sts("GetCallerIdentity")
      #expect(answer.status == 403 && answer.code == "InvalidClientTokenId")
    }
    assumed.token = token
    #expect(assumed.acm("ListCertificates").status == 200)
  }

  @Test("an AWS whose clock is ahead dates sessions by it")
  func clockOffset() throws {
    var options = FakeAWSOptions()
    options.clockOffset = .minutes(4)
    let caller = FakeAWSCaller(FakeAWS(seed: 7, options: options))
    let target = target
    caller.aws.withCloud { $0.add(FakeRole(arn: target)) }
    let answer = caller.assume(target, ["DurationSeconds": "900"])
    #expect(answer.field("Expiration") == "2026-11-23T21:55:51Z")
    let assumed = try caller.with(answer)
    let end = start + .seconds(900)
    #expect(assumed.acm("ListCertificates", at: end - .milliseconds(1)).status == 200)
    #expect(assumed.acm("ListCertificates", at: end).code == "ExpiredTokenException")
  }

  @Test("an external id must be the right one, and the refusal does not say what was wrong")
  func externalID() {
    add(target) { $0.externalID = SimulatedSecret("ticket") }
    let text = refusal(of: "arn:aws:iam::123456789012:user/cert-rotator", target)
    for fields in [[:], ["ExternalId": "Ticket"], ["ExternalId": "ticket2"]] {
      let answer = caller.assume(target, fields)
      #expect(answer.status == 403 && answer.code == "AccessDenied" && answer.message == text)
    }
    #expect(caller.assume(target, ["ExternalId": "ticket"]).status == 200)
    let unknown = caller.assume("arn:aws:iam::999999999999:role/other")
    #expect(unknown.status == 403)
    let sessions = caller.aws.withCloud { $0.calls.map(\.session) }
    #expect(sessions.map { $0?.sendsExternalID } == [false, true, true, true, false])
    add(target)
    #expect(caller.assume(target, ["ExternalId": "surplus"]).status == 200)
  }

  @Test(
    "a role is assumed by the accounts and principals that it trusts",
    arguments: [
      ("123456789012", true), ("arn:aws:iam::123456789012:user/cert-rotator", true),
      ("210987654321", false), ("arn:aws:iam::123456789012:user/other", false), (nil, false),
    ] as [(String?, Bool)])
  func trust(principal: String?, isTrusted: Bool) {
    add(target) { $0.trusted = Set([principal].compactMap(\.self)) }
    #expect(caller.assume(target).status == (isTrusted ? 200 : 403))
  }

  @Test("a role can be assumed through another one, for at most an hour")
  func chain() throws {
    let middle = "arn:aws:iam::555555555555:role/hub"
    add(middle) { role in
      role.trusted = ["123456789012"]
      role.maximumDuration = .hours(12)
    }
    add(target) { role in
      role.trusted = [middle]
      role.maximumDuration = .hours(12)
    }
    #expect(caller.assume(target).status == 403)
    let first = caller.assume(middle, ["DurationSeconds": "43200"])
    #expect(first.field("Expiration") == "2026-11-24T09:36:51Z")
    let hub = try caller.with(first)
    let long = hub.assume(target, ["DurationSeconds": "3601"])
    #expect(long.status == 400 && long.code == "ValidationError")
    #expect(
      long.message == "The requested DurationSeconds exceeds the 1 hour session limit for roles "
        + "assumed by role chaining.")
    let second = hub.assume(target, ["DurationSeconds": "3600"])
    #expect(second.field("Arn") == session && second.field("Expiration") == "2026-11-23T22:36:51Z")
    #expect(
      hub.assume(middle).message
        == refusal(of: "arn:aws:sts::555555555555:assumed-role/hub/test", middle))
    let end = start + .hours(12)
    #expect(hub.assume(target, at: end).code == "ExpiredToken")
  }

  @Test(
    "parameters are checked as in AWS's model",
    arguments: [
      (["RoleSessionName": "x"], "Value 'x' at 'roleSessionName'", "greater than or equal to 2"),
      (
        ["RoleSessionName": String(repeating: "x", count: 65)], "at 'roleSessionName'",
        "less than or equal to 64"
      ),
      (
        ["RoleSessionName": "a b"], "Value 'a b' at 'roleSessionName'",
        #"regular expression pattern: [\w+=,.@-]*"#
      ),
      (["DurationSeconds": "899"], "Value '899' at 'durationSeconds'", "equal to 900"),
      (["DurationSeconds": "43201"], "Value '43201' at 'durationSeconds'", "equal to 43200"),
      (["DurationSeconds": "soon"], "Value 'soon' at 'durationSeconds'", "equal to 900"),
      (["ExternalId": "x"], "Value 'x' at 'externalId'", "equal to 2"),
      (["ExternalId": "a*"], "Value 'a*' at 'externalId'", #"pattern: [\w+=,.@-:/]*"#),
      (["RoleArn": "short"], "Value 'short' at 'roleArn'", "equal to 20"),
    ])
  func validation(fields: [String: String], value: String, constraint: String) {
    add(target)
    let answer = caller.assume(target, fields)
    #expect(answer.status == 400 && answer.code == "ValidationError")
    #expect(answer.message?.hasPrefix("1 validation error detected: ") == true)
    #expect(answer.message?.contains(value) == true)
    #expect(answer.message?.hasSuffix(constraint) == true, "\(answer.message ?? "")")
  }

  @Test("parameters at their limits are accepted, and every violation is named")
  func validationLimits() {
    add(target) { $0.maximumDuration = .hours(12) }
    for fields in [
      ["RoleSessionName": "ab"], ["RoleSessionName": String(repeating: "x", count: 64)],
      ["DurationSeconds": "900"], ["DurationSeconds": "43200"], ["ExternalId": "a/:b"],
    ] {
      #expect(caller.assume(target, fields).status == 200, "\(fields)")
    }
    #expect(
      caller.assume("arn:aws:iam::999999999999:user/nobody").message?.hasSuffix("is invalid")
        == true)
    let answer = caller.sts("AssumeRole")
    #expect(
      answer.message == "2 validation errors detected: Value null at 'roleArn' failed to satisfy "
        + "constraint: Member must not be null; Value null at 'roleSessionName' failed to satisfy "
        + "constraint: Member must not be null")
    #expect(caller.sts("GetCallerIdentity", ["Version": "2010-01-01"]).code == "InvalidAction")
    #expect(caller.sts("Nonsense").code == "InvalidAction")
  }

  @Test("a session may be requested for as long as the role allows")
  func maximumDuration() {
    add(target)
    #expect(caller.assume(target, ["DurationSeconds": "3600"]).status == 200)
    let long = caller.assume(target, ["DurationSeconds": "3601"])
    #expect(long.code == "ValidationError")
    #expect(
      long.message
        == "The requested DurationSeconds exceeds the MaxSessionDuration set for this role.")
    add(target) { $0.sessionLifetime = .seconds(3) }
    #expect(caller.assume(target).field("Expiration") == "2026-11-23T21:36:54Z")
    add(target) { $0.sessionLifetime = .seconds(-60) }
    #expect(caller.assume(target).field("Expiration") == "2026-11-23T21:35:51Z")
  }

  @Test("a web identity token is enough for its role, without a signature")
  func webIdentity() throws {
    add(target) { $0.replaceToken(by: "web-token-1") }
    func assume(_ token: String, _ arn: String? = nil) -> FakeAWSCaller.Session {
      caller.unsigned(
        "AssumeRoleWithWebIdentity",
        ["RoleArn": arn ?? target, "RoleSessionName": "test", "WebIdentityToken": token])
    }
    let answer = assume("web-token-1")
    #expect(answer.status == 200 && answer.field("Arn") == session)
    #expect(answer.field("Audience") == "sts.amazonaws.com")
    #expect(try caller.with(answer).acm("ListCertificates").status == 200)
    let wrong = assume("web-token-2")
    #expect(wrong.status == 400 && wrong.code == "InvalidIdentityToken")
    #expect(assume("abc").code == "ValidationError" && !assume("abc").text.contains("abc"))
    let other = "arn:aws:iam::999999999999:role/without"
    add(other)
    for arn in [other, other + "2"] {
      let refused = assume("web-token-1", arn)
      #expect(refused.status == 403 && refused.code == "AccessDenied")
      #expect(refused.message == "Not authorized to perform sts:AssumeRoleWithWebIdentity")
    }
    caller.aws.withCloud { $0.roles[target]?.replaceToken(by: "web-token-2") }
    let old = assume("web-token-1")
    #expect(old.status == 400 && old.code == "ExpiredTokenException")
    #expect(assume("web-token-2").status == 200)
    let calls = caller.aws.withCloud { $0.calls }
    #expect(
      calls.allSatisfy {
        $0.account == "999999999999" || $0.operation != "AssumeRoleWithWebIdentity"
      })
    let unsigned = caller.unsigned("AssumeRole", ["RoleArn": target, "RoleSessionName": "test"])
    #expect(unsigned.status == 403 && unsigned.code == "MissingAuthenticationToken")
  }

  @Test("a call shows the role, the session's name and whether an external id was sent")
  func record() throws {
    add(target)
    _ = caller.assume(target, ["ExternalId": "ticket", "DurationSeconds": "1800"])
    let call = try #require(caller.aws.withCloud { $0.calls.last })
    #expect(call.operation == "AssumeRole" && call.account == "123456789012")
    #expect(call.object == target)
    #expect(call.principal == "arn:aws:iam::123456789012:user/cert-rotator")
    #expect(call.session == SessionOrder(name: "test", sendsExternalID: true, seconds: "1800"))
    _ = caller.sts("GetCallerIdentity")
    #expect(caller.aws.withCloud { $0.calls.last?.session } == .some(.none))
  }

  @Test(
    "every refusing fault works for AssumeRole, by account and by role",
    arguments: [
      (.throttled, 400, "Throttling"), (.internalError, 500, "InternalFailure"),
      (.unavailable, 503, "ServiceUnavailable"), (.proxyUnavailable, 503, nil),
      (.expiredCredentials, 403, "ExpiredToken"), (.wrongSignature, 403, "SignatureDoesNotMatch"),
      (.accessDenied, 403, "AccessDenied"),
    ] as [(Fault, Int, String?)])
  func refusingFaults(fault: Fault, status: Int, code: String?) {
    add(target)
    for (account, object) in [("123456789012", nil), (nil, target)] {
      caller.aws.withCloud {
        $0.script(
          ScriptedFault(fault, operation: "AssumeRole", object: object, account: account))
      }
      let answer = caller.assume(target)
      #expect(answer.status == status && answer.code == code)
      #expect(caller.assume(target).status == 200)
    }
  }

  @Test("a permission that is taken away is refused in the words of a role")
  func denied() {
    add(target)
    caller.aws.withCloud { $0.deny("sts:AssumeRole", in: "123456789012") }
    let answer = caller.assume(target)
    #expect(answer.status == 403)
    #expect(
      answer.message == refusal(of: "arn:aws:iam::123456789012:user/cert-rotator", target))
  }

  @Test("faults of the answer make it unusable, whole or in part")
  func corruptedAnswers() {
    add(target)
    func answer(_ fault: Fault) -> FakeAWSCaller.Session {
      caller.aws.withCloud { $0.script(ScriptedFault(fault, operation: "AssumeRole")) }
      return caller.assume(target)
    }
    #expect(answer(.proxyPage).text.hasPrefix("<!DOCTYPE html>"))
    let half = answer(.truncated)
    #expect(half.text.hasPrefix("<AssumeRoleResponse") && half.field("SessionToken") == nil)
    let empty = answer(.emptyObject)
    #expect(empty.field("AccessKeyId") == nil && empty.field("RequestId") != nil)
    let missing = answer(.missingMembers)
    #expect(missing.field("AccessKeyId") != nil && missing.field("SecretAccessKey") == nil)
    #expect(answer(.internalErrorAfterwards).status == 500)
  }

  @Test("descriptions and dumps of a role show no secret")
  func secretsAreHidden() {
    var role = FakeRole(arn: target, externalID: "hush")
    role.replaceToken(by: "hush-1")
    role.replaceToken(by: "hush-2")
    var dumped = ""
    dump(role, to: &dumped)
    #expect(!"\(role)\(String(reflecting: role))\(dumped)".contains("hush"))
  }
}
