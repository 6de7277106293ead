/// A value of a YAML document and where it begins.
struct YAMLNode: Equatable, Sendable {
  let position: Position
  let content: Content

  enum Content: Equatable, Sendable {
    /// `isPlain`: written without quotes, and not as a block.
    case scalar(String, isPlain: Bool)
    case sequence([YAMLNode])
    /// In the order they were written; a key that stands twice is here twice.
    case mapping([Entry])
    /// An alias: complained about already.
    case unusable
  }

  struct Entry: Equatable, Sendable {
    let key: String
    let keyPosition: Position
    let value: YAMLNode
  }

  /// Whether nothing was written, or one of YAML's words for nothing.
  var isNull: Bool {
    guard case .scalar(let text, isPlain: true) = content else { return false }
    return ["", "~", "null", "Null", "NULL"].contains(text)
  }

  /// What it is, for people.
  var kind: String {
    switch content {
    case .scalar: isNull ? "nothing" : "a single value"
    case .sequence: "a list"
    case .mapping: "a mapping of keys to values"
    case .unusable: "an alias"
    }
  }
}

/// What is wrong with a document before anyone asks what it means.
struct YAMLComplaint: Equatable, Sendable {
  let position: Position
  let message: String
}

/// What reading a text as YAML brought.
struct YAMLDocument: Equatable, Sendable {
  /// nil when there is no document at all, or when it could not be read to its end.
  var root: YAMLNode?
  var complaints: [YAMLComplaint]
  /// False when reading stopped early, so that `root` says nothing of the rest.
  var isWhole: Bool
}
