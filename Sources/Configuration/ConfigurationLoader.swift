internal import POSIX
internal import RolloutCore

/// Reads configuration files.
package enum ConfigurationLoader {
  /// In bytes. Thousands of mappings fit, and a wrong file cannot fill the memory.
  package static let maximumSize = 1 << 20

  /// Reads the file and checks the files that it names. `environment` is that of the process: it
  /// supplies `${NAME}` and `STATE_DIRECTORY`.
  package static func load(
    path: String, environment: [String: String]
  ) throws(InvalidConfiguration) -> Configuration {
    let bytes = try read(path)
    return try parse(
      text: bytes, path: path, environment: environment, unreadableReason: UnreadableReason.of)
  }

  /// The path of the state file, even when other settings are wrong: a running daemon may still
  /// use an earlier version of the file.
  package static func stateFile(
    path: String, environment: [String: String]
  ) throws(InvalidConfiguration) -> String {
    let bytes = try read(path)
    let context = ParseContext(environment: environment, unreadableReason: UnreadableReason.of)
    if let configuration = configuration(from: bytes, path: path, context) {
      return configuration.stateFile
    }
    throw InvalidConfiguration(problems: context.diagnostics.problems(of: path))
  }

  private static func read(_ path: String) throws(InvalidConfiguration) -> [UInt8] {
    do throws(RegularFile.Failure) {
      return try RegularFile.read(path, limit: maximumSize)
    } catch {
      throw InvalidConfiguration(problems: [
        ConfigurationProblem(
          file: path, position: nil, message: "the file \(UnreadableReason.text(for: error, path))")
      ])
    }
  }

  /// Parses a text as the content of the file `path`. `unreadableReason` says why a file that the
  /// text names cannot be read, nil when it can.
  package static func parse(
    text: [UInt8], path: String, environment: [String: String],
    unreadableReason: @escaping (String) -> String?
  ) throws(InvalidConfiguration) -> Configuration {
    let context = ParseContext(environment: environment, unreadableReason: unreadableReason)
    let configuration = configuration(from: text, path: path, context)
    let problems = context.diagnostics.problems(of: path)
    guard var configuration, !problems.contains(where: { $0.severity == .error }) else {
      throw InvalidConfiguration(problems: problems)
    }
    configuration.warnings = problems
    return configuration
  }

  /// Valid only if `context` has no errors; nil only after an error was reported.
  private static func configuration(
    from text: [UInt8], path: String, _ context: ParseContext
  ) -> Configuration? {
    let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    let bytes = text.starts(with: byteOrderMark) ? Array(text.dropFirst(3)) : text
    if let problem = TextValidation.problem(with: bytes, limit: maximumSize) {
      context.report(problem)
      return nil
    }
    let document = YAMLReader.read(bytes)
    for diagnostic in document.diagnostics { context.report(diagnostic) }
    if let root = document.root, !root.isNull {
      return ConfigurationReader(context: context).configuration(from: root, path: path)
    }
    if document.isComplete {
      context.report(
        Diagnostic(
          at: .start,
          "the file has no settings; write at least `domains`: \(ConfigurationReader.domainsAdvice)"
        ))
    }
    return nil
  }
}
