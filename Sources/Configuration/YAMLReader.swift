// CYaml is the libyaml inside Yams. Yams' own tree cannot be used here: it follows aliases, so
// that they can neither be reported nor be kept from multiplying; it drops a lone `!`; it composes
// by recursion without a limit; and it stops at the first duplicate key. libyaml's events keep all
// of this, with line and column.
internal import CYaml

/// Reads a text as one YAML document, with libyaml.
enum YAMLReader {
  /// `bytes` must be valid UTF-8 without a byte order mark.
  static func read(_ bytes: [UInt8]) -> YAMLDocument {
    // libyaml keeps pointers into this struct, so it must not move.
    let parser = UnsafeMutablePointer<yaml_parser_t>.allocate(capacity: 1)
    defer { parser.deallocate() }
    var composer = YAMLComposer()
    guard yaml_parser_initialize(parser) == 1 else {
      composer.fail(
        TextError(at: .start, "there is not enough memory to read the file; free some"))
      return composer.document
    }
    defer { yaml_parser_delete(parser) }
    let scalars = Array(String(decoding: bytes, as: UTF8.self).unicodeScalars)
    bytes.withUnsafeBufferPointer { buffer in
      yaml_parser_set_encoding(parser, YAML_UTF8_ENCODING)
      yaml_parser_set_input_string(parser, buffer.baseAddress, buffer.count)
      // Every event consumes a token of the text or closes a collection, so the loop ends.
      while !composer.isFinished {
        var event = yaml_event_t()
        guard yaml_parser_parse(parser, &event) == 1 else {
          composer.fail(YAMLSyntaxError(parser.pointee, in: scalars).textError)
          return
        }
        composer.take(YAMLEvent(event, in: scalars))
        yaml_event_delete(&event)
      }
    }
    return composer.document
  }
}

extension YAMLEvent {
  fileprivate init(_ event: yaml_event_t, in scalars: [Unicode.Scalar]) {
    let position = Position(event.start_mark)
    switch event.type {
    case YAML_DOCUMENT_START_EVENT:
      let directives = event.data.document_start.tag_directives
      self.init(
        kind: .documentStart(hasTagDirectives: directives.start != directives.end),
        position: position)
    case YAML_ALIAS_EVENT: self.init(kind: .alias, position: position)
    case YAML_SCALAR_EVENT:
      let scalar = event.data.scalar
      let text = String(
        decoding: UnsafeBufferPointer(start: scalar.value, count: scalar.length), as: UTF8.self)
      // libyaml drops a lone `!` before a scalar, but the scalar's position is that of the `!`.
      let index = Int(clamping: event.start_mark.index)
      let startsWithTag = index < scalars.count && scalars[index] == "!"
      self.init(
        kind: .scalar(text, isPlain: scalar.style == YAML_PLAIN_SCALAR_STYLE),
        position: position, hasAnchor: scalar.anchor != nil,
        hasTag: scalar.tag != nil || startsWithTag)
    case YAML_SEQUENCE_START_EVENT:
      let start = event.data.sequence_start
      self.init(
        kind: .sequenceStart, position: position, hasAnchor: start.anchor != nil,
        hasTag: start.tag != nil)
    case YAML_MAPPING_START_EVENT:
      let start = event.data.mapping_start
      self.init(
        kind: .mappingStart, position: position, hasAnchor: start.anchor != nil,
        hasTag: start.tag != nil)
    case YAML_SEQUENCE_END_EVENT, YAML_MAPPING_END_EVENT:
      self.init(kind: .collectionEnd, position: position)
    case YAML_STREAM_END_EVENT: self.init(kind: .streamEnd, position: position)
    default: self.init(kind: .boundary, position: position)
    }
  }
}

extension Position {
  init(_ mark: yaml_mark_t) {
    self.init(line: Int(clamping: mark.line) &+ 1, column: Int(clamping: mark.column) &+ 1)
  }
}
