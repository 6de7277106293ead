/// The URL of an endpoint: scheme, host, port unless it is the scheme's default, path.
struct EndpointURL: Equatable, Sendable {
  let text: String

  init(parsing text: String, setting: String) throws(MalformedEndpoint) {
    func malformed(_ problem: String) -> MalformedEndpoint {
      MalformedEndpoint(
        setting: setting, problem: problem + "; write it as https://host or https://host:port")
    }
    guard text.utf8.allSatisfy({ (0x21...0x7e).contains($0) }) else {
      throw malformed("the URL contains a space or a character beyond ASCII")
    }
    guard let scheme = ["https://", "http://"].first(where: { text.hasPrefix($0) }) else {
      throw malformed("the URL begins with neither https:// nor http://")
    }
    let location = text.dropFirst(scheme.count)
    if location.contains("?") || location.contains("#") {
      throw malformed("the URL has a query or fragment")
    }
    let authority = location.prefix { $0 != "/" }
    if authority.contains("@") { throw malformed("the URL contains a user name or password") }
    guard EndpointURL.isAuthority(authority) else {
      throw malformed("the URL's host or port is malformed")
    }
    let path = location.dropFirst(authority.count)
    self.text = scheme + authority + (path.isEmpty ? "/" : path)
  }

  private static func isAuthority(_ text: Substring) -> Bool {
    let end: Substring.Index
    if text.hasPrefix("[") {
      guard let bracket = text.firstIndex(of: "]") else { return false }
      end = text.index(after: bracket)
      let address = text[..<bracket].dropFirst()
      guard !address.isEmpty, address.allSatisfy({ $0.isHexDigit || $0 == ":" || $0 == "." })
      else { return false }
    } else {
      end = text.firstIndex(of: ":") ?? text.endIndex
      let host = text[..<end]
      guard !host.isEmpty, host.allSatisfy({ $0.isLetter || $0.isNumber || "-._".contains($0) })
      else { return false }
    }
    let port = text[end...]
    if port.isEmpty { return true }
    guard port.hasPrefix(":"), port.dropFirst().allSatisfy(\.isNumber),
      let number = UInt16(port.dropFirst())
    else { return false }
    return number > 0
  }
}
