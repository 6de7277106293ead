import Glibc

/// Finds files by a pattern, as a shell does: `*`, `?` and `[…]` stand for characters of one part
/// of a path, and none of them for a dot at its beginning.
package enum FilePattern {
  /// Why the files are not known. The caller words the message.
  package enum Failure: Error, Equatable, Sendable {
    case cannotList(directory: String, SystemError)
    /// A name that matches is not valid UTF-8.
    case nameIsNotText(directory: String)
    case tooManyMatches(limit: Int)
    case tooManyNames(limit: Int)
  }

  /// In all directories that a pattern leads through. Listing them takes about a second.
  package static let maximumNames = 1_000_000

  /// The paths that match, sorted by their bytes, of at most `limit` files. A relative pattern
  /// begins in `directory`, whose own characters have no special meaning; an empty one is the
  /// working directory. A path that may exist but cannot be seen counts as a match.
  package static func matches(
    _ pattern: String, in directory: String, limit: Int
  ) throws(Failure) -> [String] {
    var search = Search(limit: limit)
    var paths = [pattern.hasPrefix("/") ? "/" : directory]
    for part in pattern.split(separator: "/") {
      paths = try search.step(from: paths, to: String(part))
    }
    return paths.filter(mayExist).sorted { $0.utf8.lexicographicallyPrecedes($1.utf8) }
  }

  private static func mayExist(_ path: String) -> Bool {
    var status = stat()
    return lstat(path, &status) == 0 || ![ENOENT, ENOTDIR].contains(errno)
  }

  /// One step for each part of the pattern.
  private struct Search {
    let limit: Int
    var names = 0

    mutating func step(from directories: [String], to part: String) throws(Failure) -> [String] {
      let isPattern = part.utf8.contains { "*?[\\".utf8.contains($0) }
      guard isPattern else { return directories.map { Search.join($0, part) } }
      var paths: [String] = []
      for directory in directories {
        for name in try matches(part, in: directory) {
          paths.append(Search.join(directory, name))
          guard paths.count <= limit else { throw .tooManyMatches(limit: limit) }
        }
      }
      return paths
    }

    private static func join(_ directory: String, _ name: String) -> String {
      directory.isEmpty || directory.hasSuffix("/") ? directory + name : "\(directory)/\(name)"
    }

    private mutating func matches(
      _ part: String, in directory: String
    ) throws(Failure) -> [String] {
      guard let stream = opendir(directory.isEmpty ? "." : directory) else {
        if [ENOENT, ENOTDIR].contains(errno) { return [] }
        throw .cannotList(directory: directory, .last)
      }
      defer { closedir(stream) }
      var matching: [String] = []
      while true {
        errno = 0
        guard let entry = readdir(stream) else {
          if errno == 0 { return matching }
          throw .cannotList(directory: directory, .last)
        }
        names += 1
        guard names <= FilePattern.maximumNames else {
          throw .tooManyNames(limit: FilePattern.maximumNames)
        }
        let bytes = POSIX.name(ofEntry: entry)
        guard Search.isMatch(bytes, part) else { continue }
        guard let name = String(validating: bytes, as: UTF8.self) else {
          throw .nameIsNotText(directory: directory)
        }
        matching.append(name)
      }
    }

    private static func isMatch(_ name: [UInt8], _ part: String) -> Bool {
      // The directory itself and the one above it are no files in it.
      if name == Array(".".utf8) || name == Array("..".utf8) { return false }
      return (name + [0]).withUnsafeBytes { bytes in
        fnmatch(part, bytes.assumingMemoryBound(to: CChar.self).baseAddress, FNM_PERIOD) == 0
      }
    }
  }
}
