/// A word of a vocabulary that may grow: a word that this version does not know is kept as it was
/// read, and shown and written as it is.
package protocol OpenWord: Hashable, Sendable, CustomStringConvertible {
  /// Every word that this version knows, in the order of documentation.
  static var known: [Self] { get }
  static func other(_ word: String) -> Self
  var word: String { get }
}

extension OpenWord {
  package init(word: String) {
    self = Self.known.first { $0.word == word } ?? .other(word)
  }

  package var description: String { word }
}
