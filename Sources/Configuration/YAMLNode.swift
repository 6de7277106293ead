/// A value of a YAML document and the position where it begins.
struct YAMLNode: Equatable, Sendable {
  let position: Position
  let content: Content

  enum Content: Equatable, Sendable {
    /// `isPlain`: without quotes, and not a block.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    /// In the order of the text; duplicate keys are kept.
    case mapping([Entry])
    /// Not supported: an error was reported when it was read.
    case alias
  }

  struct Entry: Equatable, Sendable {
    let key: String
    let keyPosition: Position
    let value: YAMLNode
  }

  /// Whether the value is empty or one of YAML's words for null.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What it is, in a message.
  var kind: String {
    switch content {
    case .scalar: isNull ? "an empty value" : "a single value"
    case .sequence: "a list"
    case .mapping: "a section with keys"
    case .alias: "an alias"
    }
  }
}

/// The result of reading a text as YAML.
struct YAMLDocument: Equatable, Sendable {
  /// nil when there is no document, or when it could not be read to its end.
  var root: YAMLNode?
  var errors: [TextError]
  /// False when reading stopped before the end of the text.
  var isComplete: Bool
}
