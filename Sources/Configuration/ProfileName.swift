/// The name of a profile in the shared AWS files.
package enum ProfileName {
  static let kind = "the name of a profile"

  package static func parse(_ text: String) throws(Malformed) -> String {
    if text.isEmpty { throw Malformed(kind, "it is empty; write the name, or remove the key") }
    if text.contains("[") || text.contains("]") {
      throw Malformed(kind, "it contains brackets; write the name without them")
    }
    if text.unicodeScalars.contains(where: \.isControl) {
      throw Malformed(kind, "it contains a control character; remove it")
    }
    return text
  }
}
