import Configuration
import RolloutCore
import Testing

@Suite("Texts written into a configuration")
struct YAMLTextTests {
  /// The text as the value of a profile, which may be any, in block and in flow style.
  private func read(_ value: String, inFlow: Bool) throws -> String? {
    let certificate = inFlow ? "{ tags: { app: \(value) } }" : "{ any: true }"
    let profile = inFlow ? "" : "\n    profile: \(value)"
    let text = """
      domains:
        - domain: auth.example.com
          user_pool_id: eu-west-1_Ab12Cd34E
          certificate: \(certificate)\(profile)

      """
    let mapping = try ConfigurationLoader.parse(
      text: Array(text.utf8), path: "test.yaml", environment: ["HOME": "s3cr3t"],
      unreadableReason: { _ in nil }
    ).fleet.mappings.first
    return inFlow ? mapping?.selector.tags["app"] : mapping?.identity.profile
  }

  static let texts = [
    "prod", "123456789012", "1e3", "0x1F", ".5", "-", "- a", "?", "? a", "*.example.com", "&a",
    "!t",
    "true", "Yes", "NO", "on", "null", "~", "y", "2026-11-23", "12:30:45", "a: b", "a:", ":a",
    "a #b",
    "#b", "a,b", "{a}", "it's", "\"quoted\"", "back\\slash", "${HOME}", "$$", "$", "$${HOME}", "%a",
    "@a", "`a`", "|", ">", " a", "a ", "\u{2028}", "\u{202e}", "\u{200b}", "é", "名", "👩‍👩‍👧",
    "arn:aws:iam::123456789012:role/rotator", "id:of/the=tests", "a@b+c=d", "=", "<<",
  ]

  @Test("read back as they were", arguments: texts, [false, true])
  func roundTrip(text: String, inFlow: Bool) throws {
    #expect(try read(YAMLText.scalar(text), inFlow: inFlow) == text)
  }

  @Test("of any characters read back as they were")
  func anyCharacters() throws {
    let alphabet = Array("ab1 :#-,{}'\"\\$*&!|>%@`~?=é\u{202e}".unicodeScalars)
    var state: UInt64 = 20_261_130
    for _ in 0..<3000 {
      var text = String.UnicodeScalarView()
      for _ in 0...(state % 6) {
        state = state &* 6_364_136_223_846_793_005 &+ 1_442_695_040_888_963_407
        text.append(alphabet[Int(state >> 33) % alphabet.count])
      }
      let written = YAMLText.scalar(String(text))
      #expect(try read(written, inFlow: false) == String(text), "\(written)")
      #expect(try read(written, inFlow: true) == String(text), "\(written)")
    }
  }

  @Test("are quoted only where it is needed")
  func plain() {
    #expect(YAMLText.scalar("eu-west-1_Ab12Cd34E") == "eu-west-1_Ab12Cd34E")
    #expect(YAMLText.scalar("*.example.com") == "\"*.example.com\"")
    #expect(YAMLText.scalar("no") == "\"no\"")
    #expect(YAMLText.scalar("") == "\"\"")
    #expect(YAMLText.expandedScalar("${EXTERNAL_ID}") == "\"${EXTERNAL_ID}\"")
  }
}
