/// The absolute path of a file. A relative one would depend on the working directory, which an
/// operator does not know.
enum AbsolutePath {
  static let kind = "the absolute path of a file"
  /// Linux's PATH_MAX, without the byte that ends the text.
  static let maximumLength = 4095

  static func parse(_ text: String) throws(Malformed) -> String {
    if text.isEmpty { throw Malformed(kind, "it is empty; write the path") }
    guard text.hasPrefix("/") else { throw Malformed(kind, "begin it with /") }
    if text.hasSuffix("/") {
      throw Malformed(kind, "it names a directory; remove the / at its end, or add a file name")
    }
    guard text.utf8.count <= maximumLength else {
      throw Malformed(kind, "it is longer than \(maximumLength) bytes; shorten it")
    }
    return text
  }
}
