internal import POSIX
internal import RolloutCore

/// Makes a configuration of a file, or says everything that is wrong with it.
package enum ConfigurationLoader {
  /// In bytes: thousands of mappings, and yet nothing that could fill the memory.
  package static let maximumSize = 1 << 20

  /// Reads the file and the files it names. `environment` is the process's: for `${NAME}` and
  /// for `STATE_DIRECTORY`.
  package static func load(
    path: String, environment: [String: String]
  ) throws(InvalidConfiguration) -> Configuration {
    let bytes = try read(path)
    return try parse(
      text: bytes, path: path, environment: environment, fileTrouble: FileTrouble.with)
  }

  /// Where the state file is, whatever else is wrong with the configuration: a daemon may run
  /// on an earlier version of it.
  package static func stateFile(
    path: String, environment: [String: String]
  ) throws(InvalidConfiguration) -> String {
    let bytes = try read(path)
    let reading = Reading(
      environment: environment, fileTrouble: FileTrouble.with)
    if let configuration = configuration(of: bytes, named: path, reading) {
      return configuration.stateFile
    }
    throw InvalidConfiguration(problems: reading.findings.problems(of: path))
  }

  private static func read(_ path: String) throws(InvalidConfiguration) -> [UInt8] {
    do throws(RegularFile.Failure) {
      return try RegularFile.read(path, limit: maximumSize)
    } catch {
      throw InvalidConfiguration(problems: [
        Problem(
          file: path, position: nil, message: "the file \(FileTrouble.words(for: error, path))")
      ])
    }
  }

  /// The same for a text that is at hand. `fileTrouble` says what keeps a file that the text
  /// names from being read, nil if nothing does.
  package static func parse(
    text: [UInt8], path: String, environment: [String: String],
    fileTrouble: @escaping (String) -> String?
  ) throws(InvalidConfiguration) -> Configuration {
    let reading = Reading(environment: environment, fileTrouble: fileTrouble)
    let configuration = configuration(of: text, named: path, reading)
    let problems = reading.findings.problems(of: path)
    guard var configuration, !problems.contains(where: { $0.severity == .error }) else {
      throw InvalidConfiguration(problems: problems)
    }
    configuration.warnings = problems
    return configuration
  }

  /// nil only after a report.
  private static func configuration(
    of text: [UInt8], named path: String, _ reading: Reading
  ) -> Configuration? {
    let byteOrderMark: [UInt8] = [0xef, 0xbb, 0xbf]
    let bytes = text.starts(with: byteOrderMark) ? Array(text.dropFirst(3)) : text
    if let complaint = TextCheck.complaint(about: bytes, limit: maximumSize) {
      reading.report(at: Place(path: "", position: complaint.position), complaint.message)
      return nil
    }
    let document = YAMLReader.read(bytes)
    for complaint in document.complaints {
      reading.report(at: Place(path: "", position: complaint.position), complaint.message)
    }
    if let root = document.root, !root.isNull {
      return ConfigurationReader(reading: reading).configuration(from: root, path: path)
    }
    if document.isWhole {
      reading.report(
        at: Place(path: "", position: .start),
        """
        the file has no content but comments; write at least `domains` with one mapping, an \
        example of which stands in the comments of the config.yaml that comes with cognito-certd
        """)
    }
    return nil
  }
}
