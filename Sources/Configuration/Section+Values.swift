internal import RolloutCore

extension Section {
  private static let durationKind = "a duration such as 1h30m"

  /// A duration of at least `minimum`, for the reason that `explanation` gives.
  func duration(
    _ key: String, atLeast minimum: Duration = .zero, explanation: String = ""
  ) -> Setting<Duration> {
    value(key, as: Section.durationKind) { text throws(Malformed) in
      let duration = try DurationNotation.parse(text)
      guard duration >= minimum else {
        throw Malformed("a duration of at least \(minimum.compact)", explanation)
      }
      return duration
    }
  }

  func positiveDuration(_ key: String) -> Setting<Duration> {
    value(key, as: Section.durationKind, Section.positiveDuration)
  }

  private static func positiveDuration(_ text: String) throws(Malformed) -> Duration {
    let duration = try DurationNotation.parse(text)
    guard duration > .zero else {
      throw Malformed("a duration above 0", "write a longer one, such as 30s")
    }
    return duration
  }

  /// A list of durations above 0, each once, longest first. It may be empty.
  func positiveDurations(_ key: String) -> Setting<[Duration]> {
    let list = list(
      key, of: "a duration above 0 such as 30d", options: [.allowsEmpty, .allowsDuplicates],
      Section.positiveDuration)
    switch list {
    case .absent, .invalid: return list
    case .given(let durations):
      return .given(
        Located(
          value: Set(durations.value).sorted(by: >), shown: durations.shown,
          location: durations.location))
    }
  }

  func integer(_ key: String, in range: ClosedRange<Int>) -> Setting<Int> {
    let kind = "a whole number from \(range.lowerBound) to \(range.upperBound)"
    return value(key, as: kind) { text throws(Malformed) in
      let isDigits = !text.isEmpty && text.utf8.allSatisfy { (0x30...0x39).contains($0) }
      if isDigits, text.utf8.count > 1, text.hasPrefix("0") {
        throw Malformed(kind, "remove the leading zeros")
      }
      guard isDigits else { throw Malformed(kind, "write digits only") }
      guard let number = Int(text), range.contains(number) else {
        throw Malformed(kind, "write a number in this range")
      }
      return number
    }
  }

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
      throw Malformed(kind, "write one of these words" + Suggestion.hint(text, among: words))
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
    value(key, as: AbsolutePath.kind, AbsolutePath.parse)
  }

  /// The absolute path of a file that can be read now.
  func readableFile(_ key: String) -> Setting<String> {
    value(key, as: AbsolutePath.kind) { text throws(Malformed) in
      let path = try AbsolutePath.parse(text)
      if let reason = context.unreadableReason(path) {
        throw Malformed("a file that can be read", "it \(reason)", quotesText: false)
      }
      return path
    }
  }

  /// What a list may be besides a list of different elements.
  struct ListOptions: OptionSet {
    let rawValue: Int
    /// A single value is a list of one element.
    static let allowsSingleValue = ListOptions(rawValue: 1)
    static let allowsEmpty = ListOptions(rawValue: 2)
    static let allowsDuplicates = ListOptions(rawValue: 4)
  }

  func list<Element: Hashable>(
    _ key: String, of kind: String, options: ListOptions = [],
    _ parse: (String) throws(Malformed) -> Element
  ) -> Setting<[Element]> {
    switch locatedList(key, of: kind, options: options, parse) {
    case .absent: .absent
    case .invalid: .invalid
    case .given(let list):
      .given(
        Located(value: list.value.map(\.value), shown: list.shown, location: list.location))
    }
  }

  /// A list with the location of each element.
  func locatedList<Element: Hashable>(
    _ key: String, of kind: String, options: ListOptions = [],
    _ parse: (String) throws(Malformed) -> Element
  ) -> Setting<[Located<Element>]> {
    guard let node = node(key) else { return .absent }
    let location = location(of: key)
    switch node.content {
    case .sequence(let nodes):
      return elements(of: nodes, at: location, as: kind, options, parse).map {
        .given(Located(value: $0, shown: "", location: location))
      } ?? .invalid
    case .scalar where options.contains(.allowsSingleValue):
      return context.value(of: node, at: location, as: kind, parse).map {
        .given(Located(value: [$0], shown: $0.shown, location: location))
      } ?? .invalid
    case .scalar, .mapping, .alias:
      let example = options.contains(.allowsEmpty) ? "[] or [a, b]" : "[a, b]"
      context.report(
        node, at: location, expected: "a list", advice: "write \(example), each \(kind)")
      return .invalid
    }
  }

  /// The longest useful list has 7 elements, one for each key algorithm; a list of hosts has few,
  /// because each host stands for all of its addresses.
  static let maximumListLength = 64

  private func elements<Element: Hashable>(
    of nodes: [YAMLNode], at location: Location, as kind: String, _ options: ListOptions,
    _ parse: (String) throws(Malformed) -> Element
  ) -> [Located<Element>]? {
    guard !nodes.isEmpty || options.contains(.allowsEmpty) else {
      context.report(at: location, "the list is empty; write \(kind), or remove the key")
      return nil
    }
    guard nodes.count <= Section.maximumListLength else {
      context.report(
        at: location,
        """
        the list has \(nodes.count) elements, more than the limit of \
        \(Section.maximumListLength); remove some
        """)
      return nil
    }
    var seen: Set<Element> = []
    var elements: [Located<Element>] = []
    for (index, node) in nodes.enumerated() {
      let location = location.element(index, at: node.position)
      guard let element = context.value(of: node, at: location, as: kind, parse) else { continue }
      if seen.insert(element.value).inserted || options.contains(.allowsDuplicates) {
        elements.append(element)
      } else {
        context.report(at: location, "\(element.shown) is already in the list; remove one")
      }
    }
    return elements.count == nodes.count ? elements : nil
  }
}
