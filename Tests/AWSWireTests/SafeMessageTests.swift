import RolloutCore
import Testing

@testable import AWSWire

@Suite("Messages that are safe to show")
struct SafeMessageTests {
  private let token = "FwoGZXIvYXdzEBYaDHqa0AP1uOEXAMPLE/TOKEN+of=="

  private func safe(_ raw: String) -> String {
    let secrets = ["AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY", token]
    return SafeMessage.text(raw, hiding: secrets.map(Secret.init))
  }

  @Test(
    "Useful text stays unchanged",
    arguments: [
      "User: arn:aws:iam::123456789012:user/rotator is not authorized to perform: "
        + "cognito-idp:UpdateUserPoolDomain on resource: "
        + "arn:aws:cognito-idp:eu-west-1:123456789012:userpool/eu-west-1_Ab12Cd34E because no "
        + "identity-based policy allows the action",
      "Could not find certificate arn:aws:acm:us-east-1:123456789012:certificate/"
        + "12345678-1234-1234-1234-123456789012.",
      "The security token included in the request is expired",
      "Signature expired: 20261123T213151Z is now earlier than 20261123T213651Z",
      "Grüße, 東京, 😀",
    ])
  func kept(text: String) {
    #expect(safe(text) == text)
  }

  @Test(
    "Request ids are removed, so that equal errors have equal texts",
    arguments: [
      (
        "It failed. (Service: AmazonCloudFront; Status Code: 400; Error Code: "
          + "InvalidViewerCertificate; Request ID: 6a2f-11; Proxy: null)",
        "It failed. (Service: AmazonCloudFront; Status Code: 400; Error Code: "
          + "InvalidViewerCertificate; Proxy: null)"
      ),
      (
        "No (Service: CloudFront, Status Code: 400, Request ID: 1, Extended Request ID: null)",
        "No (Service: CloudFront, Status Code: 400)"
      ),
      ("No. RequestId: 12-34", "No."),
    ])
  func requestIDs(raw: String, expected: String) {
    #expect(safe(raw) == expected)
  }

  @Test(
    "Credentials and signatures are removed",
    arguments: [
      "The key wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY is wrong",
      "The AWS Access Key Id AKIAIOSFODNN7EXAMPLE needs a subscription",
      "unknown key ASIAQWERTYUIOPASDFGH in 'ASIAQWERTYUIOPASDFGH/20261123/us-east-1'",
      "Authorization: AWS4-HMAC-SHA256 Credential=abc/20261123, SignedHeaders=host, Signature=12ab",
      "'AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request'",
      "sent 'Proxy-Authorization: Basic abc:12ab AKID' to AWS4-HMAC-SHA256 Credential=abc/1, x",
      "https://x/?X-Amz-Signature=abcdef&X-Amz-Security-Token=IQoJ%2Fabc&X-Amz-Credential=A/B",
      "token eyJhbGciOiJIUzI1NiJ9.eyJzdWIiOiIxIn0.abc",
      "signature 5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7 differs",
      "The token FwoGZXIvYXdzEBYaDHqa0AP1uOEXAMPLE/TOKEN+of== is expired",
      "Encoded authorization failure message: "
        + String(repeating: "Ab-c_1", count: 40),
    ])
  func redacted(raw: String) {
    let text = safe(raw)
    #expect(text.contains("‹redacted›"))
    for secret in [
      "wJalr", "AKIA", "ASIAQ", "=abc", "=12ab", "AKID", "IQoJ", "eyJ", "Basic", "AWS4",
      "SignedHeaders", "5d672", "FwoG", "Ab-c",
    ] {
      #expect(!text.contains(secret), "\(secret)")
    }
  }

  @Test("The canonical request in the text of SignatureDoesNotMatch is removed")
  func signatureDump() {
    let raw = """
      The request signature we calculated does not match the signature you provided. Check your \
      AWS Secret Access Key and signing method. Consult the service documentation for details.

      The Canonical String for this request should have been
      'POST
      /
      x-amz-security-token:\(token)
      """
    #expect(
      safe(raw) == "The request signature we calculated does not match the signature you provided. "
        + "Check your AWS Secret Access Key and signing method. "
        + "Consult the service documentation for details.")
  }

  @Test("Control characters are escaped, and an empty message becomes a text")
  func controls() {
    #expect(
      safe("a\nb\tc\rd\u{1b}[31m\u{202e}x\u{0}") == "a\\nb\\tc\\rd\\u{1b}[31m\\u{202e}x\\u{0}")
    #expect(safe(" \n ") == "no message")
    #expect(safe("") == "no message")
  }

  @Test("A long message is cut after 2,000 characters")
  func length() {
    let words = String(repeating: "word ", count: 100_000)
    #expect(safe(words).count == SafeMessage.maximumLength)
    #expect(safe(words).hasSuffix("…"))
    #expect(safe(String(words.prefix(500))).count == 499)
    #expect(safe(String(repeating: "é-", count: 250)).count == 500)
  }

  @Test("A token is short and plain, or nil")
  func tokens() {
    #expect(SafeMessage.token("a1-B_2.c=") == "a1-B_2.c=")
    for odd in ["", "a b", "a\n", "ä", String(repeating: "a", count: 129)] {
      #expect(SafeMessage.token(odd) == nil)
    }
  }

  @Test("No text makes the cleaning trap or exceeds the limit")
  func anything() {
    var state: UInt64 = 88_172_645_463_325_252
    let pieces = [
      "Request ID:", ";", " ", "=", "Credential=", "é", "😀", "\u{301}", "\n", "\"", "AKIA",
      "canonical request", "x", "İ", "(", ")", "Extended Request ID: ", "\u{0}",
    ]
    for _ in 0..<3000 {
      var text = ""
      for _ in 0..<20 {
        state ^= state << 13
        state ^= state >> 7
        state ^= state << 17
        text += pieces[Int(state % UInt64(pieces.count))]
      }
      #expect(
        SafeMessage.text(text, hiding: [Secret("canonical request of mine")]).count
          <= SafeMessage.maximumLength)
    }
  }
}
