import Foundation
import Glibc

/// Whether this process may mount a small file system to fill.
let canMount: Bool = {
  do {
    _ = try SmallDisk(kilobytes: 64)
    return true
  } catch {
    return false
  }
}()

/// A file system of a few kilobytes in memory.
final class SmallDisk {
  struct MountError: Error { let code: Int32 }

  let path: String
  private let scratch: Scratch
  var state: String { path + "/state.sqlite" }
  private var filler: String { path + "/filler" }

  init(kilobytes: Int) throws {
    scratch = try Scratch()
    path = scratch.path
    guard mount("tmpfs", path, "tmpfs", 0, "size=\(kilobytes)k") == 0 else {
      throw MountError(code: errno)
    }
  }

  deinit { umount2(path, 2) }

  func remountReadOnly() throws {
    let remount: UInt = 32
    let readOnly: UInt = 1
    guard mount("tmpfs", path, "tmpfs", remount | readOnly, nil) == 0 else {
      throw MountError(code: errno)
    }
  }

  /// Writes until nothing fits any more, down to the last byte.
  func fill() throws {
    let descriptor = open(filler, O_WRONLY | O_CREAT | O_TRUNC, 0o600)
    guard descriptor >= 0 else { throw MountError(code: errno) }
    defer { close(descriptor) }
    let block = [UInt8](repeating: 1, count: 4096)
    while Glibc.write(descriptor, block, block.count) > 0 {}
  }

  func makeRoom() { unlink(filler) }

  func makeRoom(bytes: Int) throws {
    var info = stat()
    guard stat(filler, &info) == 0, truncate(filler, info.st_size - bytes) == 0 else {
      throw MountError(code: errno)
    }
  }
}
