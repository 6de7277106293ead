internal import CYaml

/// The error at which libyaml stopped, worded for someone who edits the file.
struct YAMLSyntaxError {
  let position: Position
  /// libyaml's words: `did not find expected key`.
  let problem: String
  /// What libyaml was doing: `while parsing a block mapping`.
  let activity: String
  /// The line where that began.
  let activityLine: Int?
  /// The character at which it stopped; nil at the end of the text.
  let character: Unicode.Scalar?

  init(_ parser: yaml_parser_t, in scalars: [Unicode.Scalar]) {
    problem = parser.problem.map { String(cString: $0) } ?? "unknown error"
    activity = parser.context.map { String(cString: $0) } ?? ""
    activityLine = parser.context == nil ? nil : Position(parser.context_mark).line
    if parser.error == YAML_READER_ERROR {
      // libyaml's reader gives a byte offset instead of a line.
      (position, character) = YAMLSyntaxError.position(
        ofByte: Int(clamping: parser.problem_offset), in: scalars)
    } else {
      let index = Int(clamping: parser.problem_mark.index)
      position = Position(parser.problem_mark)
      character = index < scalars.count ? scalars[index] : nil
    }
  }

  private static func position(
    ofByte offset: Int, in scalars: [Unicode.Scalar]
  ) -> (position: Position, character: Unicode.Scalar?) {
    var (line, column, bytes) = (1, 1, 0)
    for scalar in scalars {
      if bytes >= offset { return (Position(line: line, column: column), scalar) }
      bytes += UTF8.width(scalar)
      column = scalar == "\n" ? 1 : column + 1
      line += scalar == "\n" ? 1 : 0
    }
    return (Position(line: line, column: column), nil)
  }

  var textError: TextError { TextError(at: position, message) }

  private var message: String {
    if character == "\t" || problem.contains("tab character") {
      return "the line is indented with a tab, which YAML does not allow; indent with spaces"
    }
    if problem.hasPrefix("Maximum nesting level") { return YAMLComposer.tooDeep }
    if problem == "control characters are not allowed" {
      let code = character.map { String($0.value, radix: 16, uppercase: true) } ?? "?"
      return "the control character U+\(code) is not allowed in YAML; remove it"
    }
    if activity == "while scanning an alias" {
      return "a value that begins with * must be in quotes, as in \"*.example.com\""
    }
    if activity == "while scanning an anchor" {
      return "a value that begins with & must be in quotes"
    }
    // Not repeated when it is the line of the error itself.
    let begun =
      activityLine.map { $0 == position.line ? "" : " (\(activity) that begins in line \($0))" }
      ?? ""
    return "this is not valid YAML: \(problem)\(begun)\(advice)"
  }

  private var advice: String {
    switch problem {
    case "mapping values are not allowed in this context":
      "; check the indentation and the line before, and put a value that contains \": \" in quotes"
    case "found character that cannot start any token":
      "; put a value that begins with this character in quotes"
    case "did not find expected key", "could not find expected ':'",
      "did not find expected '-' indicator":
      """
      ; check the indentation, that every key is followed by ": ", and that a text that begins \
      with [ or { is in quotes
      """
    case "found unexpected end of stream":
      "; close the quote"
    case "did not find expected ',' or ']'", "did not find expected ',' or '}'":
      "; close the bracket or add the comma, or put a text that begins with [ or { in quotes"
    default: "; check this line and the one before it"
    }
  }
}
