internal import POSIX

/// How much a configuration may include. A wrong pattern can neither fill the memory nor keep a
/// start waiting.
package struct IncludeLimits: Sendable {
  /// One file for each domain of the largest configuration.
  package var files = 10_000
  /// In all included files together. 10,000 mappings have about 3 MB.
  package var bytes = 16 << 20

  package init() {}
}

/// Finds and reads the files that `include` names.
struct IncludedFiles {
  let context: ParseContext
  let mainFile: SourceFile

  /// The mappings of the main file, whose section is `top`, and of the files that it includes.
  func mappings(including top: Section) -> [FileMappings] {
    guard top.node("include") != nil else { return [FileMappings(top, emptyList: .isError)] }
    let own = FileMappings(top, emptyList: .isAllowed)
    if own.hasNoDomains, top.hasValue("defaults") {
      context.report(
        .warning, at: top.location(of: "defaults"),
        """
        no effect: the defaults of a file apply to its own domains alone, and this file has none; \
        move them to the files that it includes
        """)
    }
    guard let patterns = top.patterns("include").located?.value else { return [own] }
    let found = find(patterns)
    if own.hasNoDomains, found.matchesNothing {
      context.report(
        at: top.location(of: "domains"),
        """
        there are no domains: this file has none, and `include` matches no file; \
        \(FileMappings.domainsAdvice)
        """)
    }
    return [own] + read(found.files, after: own.entryCount)
  }

  // MARK: Finding

  private struct Found {
    /// With the location of the pattern that matched first.
    var files: [(file: SourceFile, pattern: Location)] = []
    var hasFailed = false

    var matchesNothing: Bool { files.isEmpty && !hasFailed }
  }

  /// Each file once, whatever its names are, and never the main file: in the order of the patterns,
  /// and for each pattern by name.
  private func find(_ patterns: [Located<String>]) -> Found {
    var found = Found()
    let ownIdentity = RegularFile.identity(of: mainFile.path)
    var identities = Set([ownIdentity].compactMap { $0 })
    var paths: Set<String> = []
    for pattern in patterns {
      guard let matches = matches(of: pattern) else {
        found.hasFailed = true
        continue
      }
      warnOfNoMatch(of: pattern, matches, ownIdentity)
      for path in matches {
        let identity = RegularFile.identity(of: path)
        let isNew = identity.map { identities.insert($0).inserted } ?? paths.insert(path).inserted
        guard isNew else { continue }
        guard found.files.count < context.limits.files else {
          report(.tooManyMatches(limit: context.limits.files), of: pattern)
          return found
        }
        let file = SourceFile(index: found.files.count + 1, path: path)
        found.files.append((file, pattern.location))
      }
    }
    return found
  }

  /// nil after a report.
  private func matches(of pattern: Located<String>) -> [String]? {
    let slash = mainFile.path.lastIndex(of: "/")
    let directory = slash.map { String(mainFile.path[...$0]) } ?? ""
    do throws(FilePattern.Failure) {
      return try FilePattern.matches(
        pattern.value, in: directory, limit: context.limits.files)
    } catch {
      report(error, of: pattern)
      return nil
    }
  }

  private func warnOfNoMatch(
    of pattern: Located<String>, _ matches: [String], _ ownIdentity: RegularFile.Identity?
  ) {
    guard let first = matches.first else {
      context.report(
        .warning, at: pattern.location,
        "\(pattern.shown) matches no file; create one, or correct the pattern")
      return
    }
    if matches.count == 1, let ownIdentity, RegularFile.identity(of: first) == ownIdentity {
      context.report(
        .warning, at: pattern.location,
        "\(pattern.shown) matches no file but this one; create another, or correct the pattern")
    }
  }

  private func report(_ failure: FilePattern.Failure, of pattern: Located<String>) {
    func shown(_ directory: String) -> String { (directory.isEmpty ? "." : directory).quoted() }
    let message =
      switch failure {
      case .cannotList(let directory, let error):
        """
        \(pattern.shown): the directory \(shown(directory)) \
        \(UnreadableReason.text(for: error, directory))
        """
      case .nameIsNotText(let directory):
        """
        \(pattern.shown) matches a name in \(shown(directory)) that is not valid UTF-8; rename \
        that file
        """
      case .tooManyMatches(let limit):
        "\(pattern.shown) leads to more than \(limit) files; write a narrower pattern"
      case .tooManyNames(let limit):
        """
        \(pattern.shown) leads through directories with more than \(limit) names; write a \
        narrower pattern
        """
      }
    context.report(at: pattern.location, message)
  }

  // MARK: Reading

  private func read(
    _ files: [(file: SourceFile, pattern: Location)], after entries: Int
  ) -> [FileMappings] {
    var read: [FileMappings] = []
    var entries = entries
    var size = 0
    for (file, pattern) in files {
      guard let bytes = content(of: file, pattern) else { continue }
      size += bytes.count
      guard size <= context.limits.bytes else {
        context.report(
          at: pattern,
          """
          with \(file.shownPath) the included files have more than \(context.limits.bytes) bytes; \
          check that they are the right files
          """)
        return read
      }
      guard let root = ConfigurationLoader.root(of: bytes, in: file, context) else { continue }
      let start = Location(file: file, path: "", position: root.position)
      guard let top = Section(root, at: start, keySet: .included, context: context) else {
        continue
      }
      let mappings = FileMappings(top, emptyList: .isError, after: entries)
      entries += mappings.entryCount
      read.append(mappings)
    }
    return read
  }

  /// nil after a report.
  private func content(of file: SourceFile, _ pattern: Location) -> [UInt8]? {
    do throws(RegularFile.Failure) {
      return try RegularFile.read(file.path, limit: ConfigurationLoader.maximumSize)
    } catch {
      context.report(
        TextError(
          at: .start,
          """
          the file, included \(pattern.place(from: file)), \
          \(UnreadableReason.text(for: error, file.path))
          """),
        in: file)
      return nil
    }
  }
}

extension Section {
  /// A pattern for file names, or a list of them.
  fileprivate func patterns(_ key: String) -> Setting<[Located<String>]> {
    let kind = "a pattern such as conf.d/*.yaml"
    return locatedList(key, of: kind, options: .allowsSingleValue) { text throws(Malformed) in
      if text.isEmpty { throw Malformed(kind, "it is empty; write the pattern, or remove the key") }
      if text.hasSuffix("/") {
        throw Malformed(kind, "it names a directory; add a pattern for its files, such as *.yaml")
      }
      if text.contains("**") {
        throw Malformed(kind, "** is not supported; write one * for each level of directories")
      }
      guard text.utf8.count <= AbsolutePath.maximumLength else {
        throw Malformed(
          kind, "it is longer than \(AbsolutePath.maximumLength) bytes; shorten it")
      }
      return text
    }
  }
}
