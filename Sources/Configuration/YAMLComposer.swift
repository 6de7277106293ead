/// One event of libyaml's parser, without its memory management.
struct YAMLEvent {
  let kind: Kind
  let position: Position
  /// `&name` is written before the value.
  var hasAnchor = false
  /// `!tag` is written before the value.
  var hasTag = false

  enum Kind {
    case documentStart(hasTagDirectives: Bool)
    case alias
    case scalar(String, isPlain: Bool)
    case sequenceStart
    case mappingStart
    case collectionEnd
    /// The end of a document or the beginning of the stream, which need no action.
    case boundary
    case streamEnd
  }
}

/// Builds the tree of one document from events.
///
/// It keeps its own stack, so that a deep document does not use up the call stack, and stops at
/// `maximumDepth`. Aliases are reported and never followed, so that a small file cannot become a
/// large tree.
struct YAMLComposer {
  /// A valid file has at most 5 levels.
  static let maximumDepth = 32
  static let tooDeep =
    "lists and keys are nested more than \(maximumDepth) levels deep; remove levels"

  private(set) var document = YAMLDocument(root: nil, errors: [], isComplete: false)
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
      /// Not a valid key, which is reported: its value is dropped.
      case invalid
    }
  }

  mutating func take(_ event: YAMLEvent) {
    reportProperties(of: event)
    switch event.kind {
    case .documentStart(let hasTagDirectives):
      beginDocument(event, hasTagDirectives: hasTagDirectives)
    case .alias:
      report(
        at: event.position,
        """
        aliases (*name) are not supported; repeat the value, or write it once in `defaults`; \
        put a text that begins with * in quotes
        """)
      add(YAMLNode(position: event.position, content: .alias))
    case .scalar(let text, let isPlain):
      add(YAMLNode(position: event.position, content: .scalar(text, isPlain: isPlain)))
    case .sequenceStart: open(Frame(position: event.position, isMapping: false))
    case .mappingStart: open(Frame(position: event.position, isMapping: true))
    case .collectionEnd: close()
    case .boundary: break
    case .streamEnd:
      document.isComplete = true
      isFinished = true
    }
  }

  /// Ends the document with an error of libyaml.
  mutating func fail(_ error: TextError) {
    document.errors.append(error)
    stop()
  }

  private mutating func stop() {
    document.root = nil
    isFinished = true
  }

  private mutating func report(at position: Position, _ message: String) {
    document.errors.append(TextError(at: position, message))
  }

  private mutating func reportProperties(of event: YAMLEvent) {
    if event.hasAnchor {
      report(
        at: event.position,
        """
        anchors (&name) are not supported; repeat the value, or write it once in `defaults`; \
        put a text that begins with & in quotes
        """)
    }
    if event.hasTag {
      report(
        at: event.position,
        "tags (!name) are not supported; remove it; put a text that begins with ! in quotes")
    }
  }

  private mutating func beginDocument(_ event: YAMLEvent, hasTagDirectives: Bool) {
    if hasDocument {
      report(
        at: event.position,
        "the file has a second document; keep one and remove this `---`")
      isFinished = true
    } else if hasTagDirectives {
      report(at: event.position, "tag directives (%TAG) are not supported; remove them")
    }
    hasDocument = true
  }

  private mutating func open(_ frame: Frame) {
    guard stack.count < YAMLComposer.maximumDepth else {
      report(at: frame.position, YAMLComposer.tooDeep)
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
    case .invalid: stack[top].key = .awaited
    }
  }

  private mutating func key(from node: YAMLNode) -> Frame.Key {
    if case .scalar(let text, _) = node.content { return .read(text, node.position) }
    if node.content != .alias {
      report(at: node.position, "\(node.kind) cannot be a key; write a single word")
    }
    return .invalid
  }
}
