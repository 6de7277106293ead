/// Why something is as it is: a code that scripts may match, and a sentence for people.
package struct Reason: Hashable, Sendable, CustomStringConvertible {
  package var code: String
  package var text: String

  package init(_ code: String, _ text: String) {
    self.code = code
    self.text = text
  }

  package var description: String { text.isEmpty ? code : "\(code): \(text)" }
}
