import RolloutCore
import Testing

@Suite("Identifiers")
struct IdentifierTests {
  @Test(
    "a certificate's ARN is taken apart, of whatever partition, region and account",
    arguments: [
      ("arn:aws:acm:us-east-1:123456789012:certificate/12ab-cd", "aws", "us-east-1"),
      ("arn:aws-cn:acm:cn-north-1:000000000000:certificate/x", "aws-cn", "cn-north-1"),
      (
        "arn:aws-us-gov:acm:us-gov-west-1:123456789012:certificate/a/b:c", "aws-us-gov",
        "us-gov-west-1"
      ),
    ])
  func certificateARN(text: String, partition: String, region: String) throws {
    let arn = try CertificateARN(parsing: text)
    #expect(arn.text == text && "\(arn)" == text)
    #expect(arn.partition == partition && arn.region == region)
    #expect(arn.account.utf8.count == 12)
  }

  @Test(
    "what is no ARN of a certificate is refused with what would be right",
    arguments: [
      ("", "arn:aws:acm:us-east-1"),
      ("certificate/12ab", "arn:aws:acm:us-east-1"),
      ("arn:aws:acm:us-east-1:123456789012", "arn:aws:acm:us-east-1"),
      ("urn:aws:acm:us-east-1:123456789012:certificate/x", "arn:aws:acm:us-east-1"),
      ("arn:aws:iam::123456789012:server-certificate/x", "\"iam\""),
      ("arn::acm:us-east-1:123456789012:certificate/x", "partition"),
      ("arn:aws:acm::123456789012:certificate/x", "region"),
      ("arn:aws:acm:us-east-1:12345678901:certificate/x", "12 digits"),
      ("arn:aws:acm:us-east-1:1234567890123:certificate/x", "12 digits"),
      ("arn:aws:acm:us-east-1:12345678901a:certificate/x", "12 digits"),
      ("arn:aws:acm:us-east-1:１２３４:certificate/x", "12 digits"),
      ("arn:aws:acm:us-east-1:123456789012:certificate/", "certificate/ID"),
      ("arn:aws:acm:us-east-1:123456789012:certificates/x", "certificate/ID"),
      ("arn:aws:acm:us-east-1:123456789012:certificate/x y", "printable ASCII"),
      ("arn:aws:acm:us-east-1:123456789012:certificate/x\n", "printable ASCII"),
      ("arn:aws:acm:us-east-1:123456789012:certificate/é", "printable ASCII"),
    ])
  func malformedARN(text: String, hint: String) {
    expectMalformed(hint) { () throws(MalformedIdentifier) in try CertificateARN(parsing: text) }
  }

  @Test("an ARN has 2,048 characters at most")
  func longestARN() throws {
    let head = "arn:aws:acm:us-east-1:123456789012:certificate/"
    let fits = head + String(repeating: "a", count: 2048 - head.utf8.count)
    #expect(try CertificateARN(parsing: fits).text == fits)
    expectMalformed("2,048") { () throws(MalformedIdentifier) in
      try CertificateARN(parsing: fits + "a")
    }
  }

  @Test(
    "a custom domain is a DNS name of two labels or more",
    arguments: [
      "auth.example.com", "a.b", "a-1.example", "1.example", "xn--bcher-kva.example",
      String(repeating: "a", count: 63) + ".example",
    ])
  func domainName(text: String) throws {
    #expect(try DomainName(parsing: text).text == text)
  }

  @Test(
    "what is no custom domain is refused with the reason",
    arguments: [
      ("", "empty"),
      ("Auth.example.com", "lower case"),
      ("auth", "prefix domain"),
      ("auth..example.com", "empty label"),
      (".example.com", "empty label"),
      ("auth.example.com.", "empty label"),
      ("-auth.example.com", "hyphen"),
      ("auth-.example.com", "hyphen"),
      ("auth.example.-", "hyphen"),
      ("auth_1.example.com", "a-z"),
      ("*.example.com", "a-z"),
      ("bücher.example", "a-z"),
      ("auth.example.com\u{301}", "a-z"),
      ("auth .example.com", "a-z"),
      (String(repeating: "a", count: 64) + ".example", "63"),
      ("auth\0.example", "a-z"),
    ])
  func malformedDomain(text: String, hint: String) {
    expectMalformed(hint) { () throws(MalformedIdentifier) in try DomainName(parsing: text) }
  }

  @Test("a custom domain has 253 characters at most")
  func longestDomain() throws {
    let label = String(repeating: "a", count: 49) + "."
    let fits = String(repeating: label, count: 5) + "abc"
    #expect(fits.utf8.count == 253)
    #expect(try DomainName(parsing: fits).text == fits)
    expectMalformed("253") { () throws(MalformedIdentifier) in
      try DomainName(parsing: fits + "d")
    }
  }

  @Test(
    "a user pool's id gives its region as a default",
    arguments: [
      ("eu-west-1_Ab12Cd34E", "eu-west-1"), ("us-gov-west-1_x", "us-gov-west-1"),
      ("ap-southeast-12_0", "ap-southeast-12"),
    ])
  func userPoolID(text: String, region: String) throws {
    let pool = try UserPoolID(parsing: text)
    #expect(pool.text == text && pool.regionPrefix == region && "\(pool)" == text)
  }

  @Test(
    "what is no id of a user pool is refused with the reason",
    arguments: [
      ("", "region prefix"), ("Ab12Cd34E", "region prefix"), ("_Ab12Cd34E", "region prefix"),
      ("eu-west-1_a_b", "region prefix"), ("euwest1_Ab12", "not a region"),
      ("EU-WEST-1_Ab12", "not a region"), ("eu-west_Ab12", "not a region"),
      ("eu-west-1_", "letters and digits"), ("eu-west-1_Ab-12", "letters and digits"),
      ("eu-west-1_é", "letters and digits"),
    ])
  func malformedPool(text: String, hint: String) {
    expectMalformed(hint) { () throws(MalformedIdentifier) in try UserPoolID(parsing: text) }
  }

  @Test("a user pool's id has 55 characters at most")
  func longestPool() throws {
    let fits = "eu-west-1_" + String(repeating: "A", count: 45)
    #expect(try UserPoolID(parsing: fits).text == fits)
    expectMalformed("55") { () throws(MalformedIdentifier) in try UserPoolID(parsing: fits + "A") }
  }

  @Test(
    "a region is words and a number", arguments: ["us-east-1", "us-iso-east-1", "il-central-1"])
  func region(text: String) throws {
    #expect(try Region(parsing: text).text == text)
  }

  @Test(
    "what is no region is refused",
    arguments: [
      "", "us", "us-east", "us-east-", "us--1", "-us-east-1", "us-east-1a", "us-east-1 ",
      "us_east_1", "https://evil.example/us-east-1",
      "us-" + String(repeating: "a", count: 40) + "-1",
    ])
  func malformedRegion(text: String) {
    expectMalformed("eu-west-1") { () throws(MalformedIdentifier) in try Region(parsing: text) }
  }

  @Test("domains are ordered by their names")
  func order() {
    #expect(
      [domain("b.example"), domain("a.example")].sorted() == [
        domain("a.example"), domain("b.example"),
      ])
  }

  private func expectMalformed<Value>(
    _ hint: String, sourceLocation: SourceLocation = #_sourceLocation,
    _ parse: () throws(MalformedIdentifier) -> Value
  ) {
    do throws(MalformedIdentifier) {
      let value = try parse()
      Issue.record("\(value) was accepted", sourceLocation: sourceLocation)
    } catch {
      #expect(error.description.contains(hint), sourceLocation: sourceLocation)
      #expect(error.description.contains(error.value), sourceLocation: sourceLocation)
    }
  }
}
