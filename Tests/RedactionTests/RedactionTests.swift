import Redaction
import Testing

@Suite("Secrets in texts")
struct RedactionTests {
  @Test(
    "The user name and the password of whatever looks like a URL are removed, and its host stays",
    arguments: [
      ("http://svc:pw@host:3128/", "http://‹redacted›@host:3128/"),
      (
        "Unsupported proxy syntax in 'http://svc:Hunter2#Winter/2026@127.0.0.1:3128': no",
        "Unsupported proxy syntax in 'http://‹redacted›@127.0.0.1:3128': no"
      ),
      ("foo+bar://svc:p@w@h:99999 x", "foo+bar://‹redacted›@h:99999 x"),
      ("http://svc:a?b@h", "http://‹redacted›@h"),
      ("http://svc:p%40w@[::1]:1", "http://‹redacted›@[::1]:1"),
      ("http://svc:two words and 'one' @h:1 failed", "http://‹redacted›@h:1 failed"),
      ("'http://my user@h'", "'http://‹redacted›@h'"),
      ("http://token@h/x", "http://‹redacted›@h/x"),
      ("http:/svc:pw@h", "‹redacted›@h"), ("svc:pw@h:3128", "‹redacted›@h:3128"),
      ("no proxy \"svc:p/w#x?y@h:1\" here", "no proxy \"‹redacted›@h:1\" here"),
      ("'svc:two words@h'", "'‹redacted›@h'"), ("svc:p@w@h", "‹redacted›@h"),
      ("a http://b:c@d\nand e:f@g", "a http://‹redacted›@d\nand ‹redacted›@g"),
      ("http://a:b@c https://d:e@f", "http://‹redacted›@c https://‹redacted›@f"),
      ("https://h/p?X-Amz-Signature=1&t=2 failed", "https://h/p?‹redacted› failed"),
      ("http://u:p@h/?k=v", "http://‹redacted›@h/?‹redacted›"),
      ("ünï http://ü:ß@ö", "ünï http://‹redacted›@ö"),
    ])
  func urls(text: String, expected: String) {
    #expect(Redaction.foreignText(text) == expected)
    #expect(Redaction.output(text) == expected)
    #expect(Redaction.output(expected) == expected, "what is redacted stays as it is")
  }

  @Test(
    "What is no secret stays",
    arguments: [
      "", "@", "a@b", "ops@example.com", "https://example.com:8443/path, see ops@example.com",
      "Failed to connect to 127.0.0.1 port 3128 after 0 ms: Couldn't connect to server",
      "User: arn:aws:sts::123456789012:assumed-role/Role/jo@example.com is not authorized to perform: x:Y",
      "/etc/cognito-certd/config.yaml:3:4: error: domains[0].domain: \"x\" is not a domain",
      "https://", "://", "what? http://x? y", "line\n\nline\n",
    ])
  func kept(text: String) {
    #expect(Redaction.foreignText(text) == text)
  }

  @Test("Every form of a secret of the environment is removed from a foreign text")
  func environment() {
    Redaction.learn(environment: [
      "https_proxy": "http://zsvc:Zunter2#Vinter/2026@127.0.0.1:3128",
      "ALL_PROXY": "zall:z%2Fcoded%20one@proxy", "AWS_ENDPOINT_URL_ACM": "https://zend:zpass-acm@h",
      "http_proxy": "http://h:1/?zquery=zvalue-of-query",
      "AWS_SECRET_ACCESS_KEY": "zkey/with+Signs==",
      "AWS_SESSION_TOKEN": "ztoken-of-the-session", "DATABASE": "pg://zdb:zdatabase@h/x",
    ])
    for secret in [
      "zsvc", "Zunter2#Vinter/2026", "Zunter2", "Vinter", "zall", "z%2Fcoded%20one", "z/coded one",
      "z%2fcoded%20one", "zend", "zpass-acm", "zvalue-of-query", "zkey/with+Signs==",
      "zkey%2Fwith%2BSigns%3D%3D", "zkey%2fwith%2bSigns%3d%3d", "ztoken-of-the-session",
      "zdatabase",
      // base64 of zsvc:Zunter2#Vinter/2026 and of zall:z/coded one
      "enN2YzpadW50ZXIyI1ZpbnRlci8yMDI2", "emFsbDp6L2NvZGVkIG9uZQ",
    ] {
      for text in [
        "\(secret)", "host \(secret): no", "(\(secret))", "proxy=\(secret)&", "\(secret).",
      ] {
        let cleaned = Redaction.foreignText(text)
        #expect(!cleaned.contains(secret), "\(cleaned)")
        #expect(cleaned.contains("‹redacted›"))
      }
    }
    let long = "ztoken-of-the-session"
    #expect(Redaction.output("x\(long)x zsvc") == "x‹redacted›x zsvc", "a short one may be a word")
    #expect(!Redaction.foreignText("cut: ztoken-of-t").contains("ztoken"), "the end cuts it")
    #expect(Redaction.foreignText("zsvcs zsvc.example my-zsvc") == "zsvcs zsvc.example my-zsvc")
  }

  @Test("Thousands of secrets do not make a text slow, and the oldest temporary ones are forgotten")
  func many() {
    Redaction.learn(secret: "lasting-secret-xyz")
    for number in 0..<30_000 {
      Redaction.learn(secret: "many-secrets-\(number)-xyz", isTemporary: true)
    }
    #expect(Redaction.output("a lasting-secret-xyz b") == "a ‹redacted› b")
    #expect(Redaction.output("a many-secrets-29999-xyz b") == "a ‹redacted› b")
    let text = String(repeating: "many-secrets-1 ", count: 1000)
    #expect(Redaction.output(text) == text)
  }
}
