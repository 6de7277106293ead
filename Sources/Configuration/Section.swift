/// A YAML mapping of the configuration file. Unknown, unsupported and duplicate keys are reported
/// when the section is created.
struct Section {
  let context: ParseContext
  let location: Location
  private let entries: [String: YAMLNode.Entry]

  /// Far more than any section needs.
  static let maximumKeys = 1000

  /// nil when `node` is not a YAML mapping, which is reported. An empty value is an empty section:
  /// every key below it may be commented out.
  init?(_ node: YAMLNode, at location: Location, keySet: KeySet, context: ParseContext) {
    var entries: [YAMLNode.Entry] = []
    switch node.content {
    case .mapping(let written): entries = written
    case .scalar where node.isNull: break
    case .scalar, .sequence, .alias:
      let advice =
        location.path.isEmpty
        ? "begin the file with keys such as `domains:`" : "write `key: value` lines, indented"
      context.report(node, at: location, expected: "a section with keys", advice: advice)
      return nil
    }
    guard entries.count <= Section.maximumKeys else {
      context.report(
        at: location,
        "there are \(entries.count) keys, more than the limit of \(Section.maximumKeys); remove some"
      )
      return nil
    }
    self.context = context
    self.location = location
    self.entries = Section.uniqueEntries(of: entries, at: location, context: context)
    for entry in entries {
      if let problem = keySet.problem(withKey: entry.key) {
        context.report(at: location.key(entry.key, at: entry.keyPosition), problem)
      }
    }
  }

  /// The first entry of every key. Further entries of the same key are reported.
  static func uniqueEntries(
    of entries: [YAMLNode.Entry], at location: Location, context: ParseContext
  ) -> [String: YAMLNode.Entry] {
    var unique: [String: YAMLNode.Entry] = [:]
    for entry in entries {
      if let earlier = unique[entry.key] {
        context.report(
          at: location.key(entry.key, at: entry.keyPosition),
          "duplicate key, already written in line \(earlier.keyPosition.line); remove one")
      } else {
        unique[entry.key] = entry
      }
    }
    return unique
  }

  /// Whether the key is written and its value is not empty.
  func hasValue(_ key: String) -> Bool { entries[key].map { !$0.value.isNull } ?? false }

  func node(_ key: String) -> YAMLNode? { entries[key]?.value }

  /// The location of the key's value; that of the section when the key is absent.
  func location(of key: String) -> Location {
    location.key(key, at: entries[key]?.value.position ?? location.position)
  }

  func section(_ key: String, _ keySet: KeySet) -> Setting<Section> {
    guard let node = node(key) else { return .absent }
    let location = location(of: key)
    guard let section = Section(node, at: location, keySet: keySet, context: context) else {
      return .invalid
    }
    return .given(Located(value: section, shown: "", location: location))
  }

  func value<Value>(
    _ key: String, as kind: String, _ parse: (String) throws(Malformed) -> Value
  ) -> Setting<Value> {
    guard let node = node(key) else { return .absent }
    return context.value(of: node, at: location(of: key), as: kind, parse).map(Setting.given)
      ?? .invalid
  }
}
