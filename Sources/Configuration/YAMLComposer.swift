/// One step of libyaml through a document, without its memory management.
struct YAMLEvent {
  let kind: Kind
  let position: Position
  /// The text begins with `&name` here, before the value itself.
  var hasAnchor = false
  /// The text has a `!tag` before the value.
  var hasTag = false

  enum Kind {
    case documentStart(hasTagDirectives: Bool)
    case alias
    case scalar(String, isPlain: Bool)
    case sequenceStart
    case mappingStart
    case collectionEnd
    /// The end of a document, or the beginning of the stream: nothing to note.
    case boundary
    case streamEnd
  }
}

/// Builds the tree of one document out of events.
///
/// It keeps its own stack, so that depth costs no call stack, and gives up at `maximumDepth`.
/// Aliases are refused where they stand and never followed, so that a small file cannot grow
/// into a large tree.
struct YAMLComposer {
  /// The deepest file that means anything has 5 levels.
  static let maximumDepth = 32
  static let tooDeep = "more than \(maximumDepth) levels of lists and mappings; flatten them"

  private(set) var document = YAMLDocument(root: nil, complaints: [], isWhole: false)
  private(set) var isFinished = false
  private var stack: [Frame] = []
  private var hasDocument = false

  /// A collection that is still open.
  private struct Frame {
    let position: Position
    let isMapping: Bool
    var items: [YAMLNode] = []
    var entries: [YAMLNode.Entry] = []
    var key: Key = .awaited

    enum Key {
      case awaited
      case read(String, Position)
      /// Complained about: its value is dropped.
      case unusable
    }
  }

  mutating func take(_ event: YAMLEvent) {
    complainAboutProperties(of: event)
    switch event.kind {
    case .documentStart(let hasTagDirectives):
      beginDocument(event, hasTagDirectives: hasTagDirectives)
    case .alias:
      complain(
        event.position,
        """
        aliases (*name) are not supported; write the value again, or once under `defaults`; \
        a text that begins with * must be in quotes
        """)
      add(YAMLNode(position: event.position, content: .unusable))
    case .scalar(let text, let isPlain):
      add(YAMLNode(position: event.position, content: .scalar(text, isPlain: isPlain)))
    case .sequenceStart: open(Frame(position: event.position, isMapping: false))
    case .mappingStart: open(Frame(position: event.position, isMapping: true))
    case .collectionEnd: close()
    case .boundary: break
    case .streamEnd:
      document.isWhole = true
      isFinished = true
    }
  }

  /// Ends the reading for a reason that libyaml gave.
  mutating func fail(_ complaint: YAMLComplaint) {
    document.complaints.append(complaint)
    stop()
  }

  private mutating func stop() {
    document.root = nil
    isFinished = true
  }

  private mutating func complain(_ position: Position, _ message: String) {
    document.complaints.append(YAMLComplaint(position: position, message: message))
  }

  private mutating func complainAboutProperties(of event: YAMLEvent) {
    if event.hasAnchor {
      complain(
        event.position,
        """
        anchors (&name) are not supported; write the value where it is needed, or once under \
        `defaults`; a text that begins with & must be in quotes
        """)
    }
    if event.hasTag {
      complain(
        event.position,
        "tags (!name) are not supported; remove it; a text that begins with ! must be in quotes")
    }
  }

  private mutating func beginDocument(_ event: YAMLEvent, hasTagDirectives: Bool) {
    if hasDocument {
      complain(
        event.position,
        "a second document begins here; keep one document in the file and remove this `---`")
      isFinished = true
    } else if hasTagDirectives {
      complain(event.position, "tag directives (%TAG) are not supported; remove them")
    }
    hasDocument = true
  }

  private mutating func open(_ frame: Frame) {
    guard stack.count < YAMLComposer.maximumDepth else {
      complain(frame.position, YAMLComposer.tooDeep)
      return stop()
    }
    stack.append(frame)
  }

  private mutating func close() {
    guard let frame = stack.popLast() else { return }
    let content: YAMLNode.Content =
      frame.isMapping ? .mapping(frame.entries) : .sequence(frame.items)
    add(YAMLNode(position: frame.position, content: content))
  }

  private mutating func add(_ node: YAMLNode) {
    let top = stack.count - 1
    guard top >= 0 else {
      document.root = node
      return
    }
    guard stack[top].isMapping else {
      stack[top].items.append(node)
      return
    }
    switch stack[top].key {
    case .awaited: stack[top].key = key(from: node)
    case .read(let name, let position):
      stack[top].entries.append(YAMLNode.Entry(key: name, keyPosition: position, value: node))
      stack[top].key = .awaited
    case .unusable: stack[top].key = .awaited
    }
  }

  private mutating func key(from node: YAMLNode) -> Frame.Key {
    if case .scalar(let text, _) = node.content { return .read(text, node.position) }
    if node.content != .unusable {
      complain(node.position, "a key must be a single word, and this is \(node.kind); write it out")
    }
    return .unusable
  }
}
