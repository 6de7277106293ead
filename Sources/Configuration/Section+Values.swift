internal import RolloutCore

extension Section {
  /// A duration of at least `minimum`, which `meaning` explains when it is not met.
  func duration(
    _ key: String, atLeast minimum: Duration = .zero, meaning: String = ""
  ) -> Setting<Duration> {
    value(key, as: "a duration such as 1h30m") { text throws(Malformed) in
      let duration = try DurationNotation.parse(text)
      guard duration >= minimum else {
        throw Malformed("a duration of at least \(minimum.compact)", meaning)
      }
      return duration
    }
  }

  /// A duration longer than none.
  func positiveDuration(_ key: String) -> Setting<Duration> {
    value(key, as: "a duration such as 1h30m") { text throws(Malformed) in
      let duration = try DurationNotation.parse(text)
      guard duration > .zero else {
        throw Malformed("a duration above 0", "write how long it is, such as 30s")
      }
      return duration
    }
  }

  func integer(_ key: String, in range: ClosedRange<Int>) -> Setting<Int> {
    let kind = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(key, as: kind) { text throws(Malformed) in
      let isDigits = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
      if isDigits, text.utf8.count > 1, text.hasPrefix("0") {
        throw Malformed(kind, "write it without leading zeros")
      }
      guard isDigits else { throw Malformed(kind, "write it in digits alone") }
      guard let number = Int(text), range.contains(number) else {
        throw Malformed(kind, "write a number in that range")
      }
      return number
    }
  }

  /// `true` or `false`.
  func flag(_ key: String) -> Setting<Bool> {
    value(key, as: "true or false") { text throws(Malformed) in
      switch text {
      case "true": return true
      case "false": return false
      default: throw Malformed("true or false", "write one of these two words")
      }
    }
  }

  /// One of the words of an enum.
  func word<Word: RawRepresentable<String> & CaseIterable>(_ key: String) -> Setting<Word> {
    let words = Word.allCases.map(\.rawValue)
    let kind = "one of \(words.joined(separator: ", "))"
    return value(key, as: kind) { text throws(Malformed) in
      if let word = Word(rawValue: text) { return word }
      let near = Suggestion.nearest(to: text, among: words)
      throw Malformed(
        kind, near.map { "did you mean \"\($0)\"?" } ?? "write one of these words")
    }
  }

  func identifier<Value>(
    _ key: String, as kind: String, _ parse: (String) throws(MalformedIdentifier) -> Value
  ) -> Setting<Value> {
    value(key, as: kind) { text throws(Malformed) in
      do throws(MalformedIdentifier) {
        return try parse(text)
      } catch {
        throw Malformed(error)
      }
    }
  }

  func absolutePath(_ key: String) -> Setting<String> {
    value(key, as: "the absolute path of a file", AbsolutePath.parse)
  }

  /// The absolute path of a file that can be read now.
  func readableFile(_ key: String) -> Setting<String> {
    value(key, as: "the absolute path of a file") { text throws(Malformed) in
      let path = try AbsolutePath.parse(text)
      if let trouble = reading.fileTrouble(path) {
        throw Malformed("a file that can be read", "it \(trouble)", quotesText: false)
      }
      return path
    }
  }

  /// A list of one element at least, none of them twice. With `takesSingle`, a single value is
  /// a list of one.
  func list<Element: Hashable>(
    _ key: String, of kind: String, takesSingle: Bool = false,
    _ parse: (String) throws(Malformed) -> Element
  ) -> Setting<[Element]> {
    guard let node = node(key) else { return .absent }
    let place = place(of: key)
    switch node.content {
    case .sequence(let nodes):
      return elements(of: nodes, at: place, as: kind, parse).map {
        .given(Located(value: $0, shown: "", place: place))
      } ?? .invalid
    case .scalar where takesSingle || node.isNull:
      return reading.value(of: node, at: place, as: kind, parse).map {
        .given(Located(value: [$0.value], shown: $0.shown, place: place))
      } ?? .invalid
    case .unusable: return .invalid
    case .scalar, .mapping:
      reading.report(
        at: place, "\(node.kind) stands where a list must; write [a, b], each \(kind)")
      return .invalid
    }
  }

  /// More would be a mistake: there are 7 key algorithms, and each host stands for all of its
  /// addresses.
  static let maximumListLength = 64

  private func elements<Element: Hashable>(
    of nodes: [YAMLNode], at place: Place, as kind: String,
    _ parse: (String) throws(Malformed) -> Element
  ) -> [Element]? {
    guard (1...Section.maximumListLength).contains(nodes.count) else {
      let problem =
        nodes.isEmpty
        ? "the list is empty; write \(kind), or remove the key"
        : "the list has \(nodes.count) elements; keep to \(Section.maximumListLength)"
      reading.report(at: place, problem)
      return nil
    }
    var seen: Set<Element> = []
    var elements: [Element] = []
    for (index, node) in nodes.enumerated() {
      let place = place.element(index, at: node.position)
      guard let element = reading.value(of: node, at: place, as: kind, parse) else { continue }
      if seen.insert(element.value).inserted {
        elements.append(element.value)
      } else {
        reading.report(at: place, "\(element.shown) stands in the list twice; remove one")
      }
    }
    return elements.count == nodes.count ? elements : nil
  }
}
