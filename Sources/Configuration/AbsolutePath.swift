/// The path of a file from the root on: the service's working directory is no one's business.
enum AbsolutePath {
  /// Linux's PATH_MAX, with the byte that ends it.
  static let maximumLength = 4095

  static func parse(_ text: String) throws(Malformed) -> String {
    func wrong(_ problem: String) -> Malformed {
      Malformed("the absolute path of a file", problem)
    }
    if text.isEmpty { throw wrong("it is empty") }
    guard text.hasPrefix("/") else { throw wrong("begin it with /") }
    if text.hasSuffix("/") { throw wrong("it ends with / and so names a directory") }
    guard text.utf8.count <= maximumLength else {
      throw wrong("it is longer than \(maximumLength) bytes")
    }
    return text
  }
}
