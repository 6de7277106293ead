import RolloutCore
import Testing

@Suite("Parameters of roles")
struct RoleRulesTests {
  @Test(
    "The ARN of a role is accepted in every partition, with or without a path",
    arguments: [
      ("arn:aws:iam::123456789012:role/x", true), ("arn:aws:iam::123456789012:role/a/b/c", true),
      ("arn:aws-cn:iam::123456789012:role/x", true),
      ("arn:aws-us-gov:iam::123456789012:role/x", true), ("arn:aws:iam::12:role/x", false),
      ("arn:aws:iam::123456789012:role/", false), ("arn:aws:iam::123456789012:role/a/", false),
      ("arn:aws:iam::123456789012:user/x", false), ("arn:aws:sts::123456789012:role/x", false),
      ("arn:aws:iam:us-east-1:123456789012:role/x", false), ("x", false), ("", false),
      ("arn:aws:iam::123456789012:role/a b", false), ("arn:aws:iam::12345678901a:role/x", false),
    ])
  func arns(text: String, isRole: Bool) {
    #expect((RoleRules.problem(withARN: text) == nil) == isRole)
  }

  @Test("An ARN has at most 2,048 characters")
  func longARN() {
    let start = "arn:aws:iam::123456789012:role/"
    let longest = start + String(repeating: "a", count: 2048 - start.count)
    #expect(RoleRules.problem(withARN: longest) == nil)
    #expect(RoleRules.problem(withARN: longest + "a") != nil)
  }

  @Test("An external id has 2 to 1,224 characters, and a session name 2 to 64")
  func lengths() {
    for (count, isAccepted) in [(1, false), (2, true), (1224, true), (1225, false)] {
      let text = String(repeating: "a", count: count)
      #expect((RoleRules.problem(withExternalID: text) == nil) == isAccepted)
    }
    for (count, isAccepted) in [(1, false), (2, true), (64, true), (65, false)] {
      let text = String(repeating: "a", count: count)
      #expect((RoleRules.problem(withSessionName: text) == nil) == isAccepted)
    }
  }

  @Test("Only an external id may contain a colon or a slash, and none a space or another sign")
  func signs() {
    #expect(RoleRules.problem(withExternalID: "aZ09_+=,.@:/-") == nil)
    #expect(RoleRules.problem(withSessionName: "aZ09_+=,.@-") == nil)
    for text in ["a:b", "a/b"] { #expect(RoleRules.problem(withSessionName: text) != nil) }
    for text in ["a b", "a\nb", "äö", "a*b", "a&b"] {
      #expect(RoleRules.problem(withExternalID: text) != nil)
      #expect(RoleRules.problem(withSessionName: text) != nil)
      #expect(RoleRules.problem(withExternalID: text)?.contains(text) == false)
    }
  }

  @Test("The description of an identity tells roles and sessions apart, and hides the external id")
  func descriptions() {
    let arn = "arn:aws:iam::123456789012:role/x"
    #expect(Identity().description == "default credentials")
    #expect(Identity(profile: "p").description == "profile p")
    #expect(Identity(roleARN: arn).description == "\(arn) by default credentials")
    #expect(
      Identity(profile: "p", roleARN: arn, externalID: "hidden", roleSessionName: "s").description
        == "\(arn) as s with an external id by profile p")
  }
}
