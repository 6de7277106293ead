import Glibc
import POSIX

/// The names in a directory, sorted, with `.` and `..`.
///
/// For directories such as `/proc/self/fd` this is safe in a process with thousands of descriptors;
/// what copies the whole name of an entry is not.
package func names(in directory: String) throws -> [String] {
  guard let stream = opendir(directory) else { throw SystemError.last }
  defer { closedir(stream) }
  var names: [String] = []
  while true {
    errno = 0
    guard let entry = readdir(stream) else {
      if errno == 0 { return names.sorted() }
      throw SystemError.last
    }
    names.append(String(decoding: name(ofEntry: entry), as: UTF8.self))
  }
}
