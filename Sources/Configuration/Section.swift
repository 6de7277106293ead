/// A mapping of the file whose keys were checked against the schema: unknown, reserved and
/// doubled ones are reported when it is made.
struct Section {
  let reading: Reading
  let place: Place
  private let entries: [String: YAMLNode.Entry]

  /// Many times what any mapping of the file can rightly have.
  static let maximumKeys = 1000

  /// nil when `node` is no mapping, which is reported. An empty value is an empty mapping, as
  /// when every key below it is commented out.
  init?(_ node: YAMLNode, at place: Place, schema: Schema, reading: Reading) {
    var entries: [YAMLNode.Entry] = []
    switch node.content {
    case .mapping(let written): entries = written
    case .scalar where node.isNull: break
    case .unusable: return nil
    case .scalar, .sequence:
      let advice =
        place.path.isEmpty ? "begin with the key `domains`" : "write its keys below it, indented"
      reading.report(at: place, "\(node.kind) stands where a mapping must; \(advice)")
      return nil
    }
    guard entries.count <= Section.maximumKeys else {
      reading.report(
        at: place,
        "there are \(entries.count) keys, and \(Section.maximumKeys) are too many; remove some")
      return nil
    }
    self.reading = reading
    self.place = place
    self.entries = Section.first(of: entries, at: place, reading: reading)
    for entry in entries {
      if let complaint = schema.complaint(about: entry.key) {
        reading.report(at: place.key(entry.key, at: entry.keyPosition), complaint)
      }
    }
  }

  /// Every key once, the first time it stands; the other times are reported.
  static func first(
    of entries: [YAMLNode.Entry], at place: Place, reading: Reading
  ) -> [String: YAMLNode.Entry] {
    var first: [String: YAMLNode.Entry] = [:]
    for entry in entries {
      if let earlier = first[entry.key] {
        reading.report(
          at: place.key(entry.key, at: entry.keyPosition),
          "the key stands here a second time, first in line \(earlier.keyPosition.line); remove one"
        )
      } else {
        first[entry.key] = entry
      }
    }
    return first
  }

  /// Whether the key stands here with something behind it.
  func hasValue(_ key: String) -> Bool { entries[key].map { !$0.value.isNull } ?? false }

  func node(_ key: String) -> YAMLNode? { entries[key]?.value }

  /// Where a value of this key is, or would be.
  func place(of key: String) -> Place {
    place.key(key, at: entries[key]?.value.position ?? place.position)
  }

  /// A nested mapping.
  func section(_ key: String, _ schema: Schema) -> Setting<Section> {
    guard let node = node(key) else { return .absent }
    let place = place(of: key)
    guard let section = Section(node, at: place, schema: schema, reading: reading) else {
      return .invalid
    }
    return .given(Located(value: section, shown: "", place: place))
  }

  func value<Value>(
    _ key: String, as kind: String, _ parse: (String) throws(Malformed) -> Value
  ) -> Setting<Value> {
    guard let node = node(key) else { return .absent }
    return reading.value(of: node, at: place(of: key), as: kind, parse).map(Setting.given)
      ?? .invalid
  }
}
