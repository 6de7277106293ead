internal import POSIX
package import RolloutCore

/// Reads configuration files.
package enum ConfigurationLoader {
  /// In bytes. Thousands of mappings fit, and a wrong file cannot fill the memory.
  package static let maximumSize = 1 << 20

  /// Reads the file and those that it includes, and checks the files that they name. `environment`
  /// is that of the process: it supplies `${NAME}` and `STATE_DIRECTORY`.
  package static func load(
    path: String, environment: [String: String], limits: IncludeLimits = IncludeLimits()
  ) throws(InvalidConfiguration) -> Configuration {
    let bytes = try read(path)
    return try parse(
      text: bytes, path: path, environment: environment, limits: limits,
      unreadableReason: UnreadableReason.of)
  }

  /// The path of the state file, even when other settings or included files are wrong: a running
  /// daemon may still use an earlier version of them.
  package static func stateFile(
    path: String, environment: [String: String]
  ) throws(InvalidConfiguration) -> String {
    let bytes = try read(path)
    let main = SourceFile(index: 0, path: path)
    let context = ParseContext(
      environment: environment, limits: IncludeLimits(), unreadableReason: UnreadableReason.of)
    if let root = root(of: bytes, in: main, context),
      let stateFile = ConfigurationReader(context: context).stateFile(from: root, of: main)
    {
      return stateFile
    }
    throw InvalidConfiguration(problems: context.diagnostics.problems(of: main))
  }

  /// The domains that the file and those that it includes name, even when other settings are wrong or
  /// it names none. Throws when the file cannot be read, or is no YAML.
  package static func domains(
    path: String, environment: [String: String]
  ) throws(InvalidConfiguration) -> Set<DomainName> {
    let bytes = try read(path)
    let main = SourceFile(index: 0, path: path)
    let context = ParseContext(
      environment: environment, limits: IncludeLimits(), unreadableReason: UnreadableReason.of)
    let document = document(of: bytes, in: main, context)
    if let root = document?.root, !root.isNull {
      if let domains = ConfigurationReader(context: context).domains(from: root, of: main) {
        return domains
      }
    } else if document?.isComplete == true {
      return []
    }
    throw InvalidConfiguration(problems: context.diagnostics.problems(of: main))
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

  /// Parses a text as the content of the file `path`, and reads the files that it includes.
  /// `unreadableReason` says why another file that they name cannot be read, nil when it can.
  package static func parse(
    text: [UInt8], path: String, environment: [String: String],
    limits: IncludeLimits = IncludeLimits(), unreadableReason: @escaping (String) -> String?
  ) throws(InvalidConfiguration) -> Configuration {
    let main = SourceFile(index: 0, path: path)
    let context = ParseContext(
      environment: environment, limits: limits, unreadableReason: unreadableReason)
    let configuration = root(of: text, in: main, context).flatMap {
      ConfigurationReader(context: context).configuration(from: $0, of: main)
    }
    let problems = context.diagnostics.problems(of: main)
    guard var configuration, !problems.contains(where: { $0.severity == .error }) else {
      throw InvalidConfiguration(problems: problems)
    }
    configuration.warnings = problems
    return configuration
  }

  /// The YAML tree of a file; nil only after an error was reported.
  static func root(
    of text: [UInt8], in file: SourceFile, _ context: ParseContext
  ) -> YAMLNode? {
    guard let document = document(of: text, in: file, context) else { return nil }
    if let root = document.root, !root.isNull { return root }
    if document.isComplete {
      context.report(
        TextError(
          at: .start,
          "the file has no settings; write at least `domains`: \(FileMappings.domainsAdvice)"),
        in: file)
    }
    return nil
  }

  /// nil only after an error was reported.
  private static func document(
    of text: [UInt8], in file: SourceFile, _ context: ParseContext
  ) -> YAMLDocument? {
    let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    let bytes = text.starts(with: byteOrderMark) ? Array(text.dropFirst(3)) : text
    if let error = TextValidation.problem(with: bytes, limit: maximumSize) {
      context.report(error, in: file)
      return nil
    }
    let document = YAMLReader.read(bytes)
    for error in document.errors { context.report(error, in: file) }
    return document
  }
}
