package import Glibc

/// The name in an entry that `readdir` returned, without its end mark.
///
/// The structure declares 256 bytes for a name, but an entry has only `d_reclen` bytes, and the last
/// one of a buffer may lie right before memory that is not mapped: copying the member may crash the
/// process. So the name is read in place, and never beyond the entry.
package func name(ofEntry entry: UnsafePointer<dirent>) -> [UInt8] {
  guard let start = MemoryLayout<dirent>.offset(of: \.d_name),
    let length = MemoryLayout<dirent>.offset(of: \.d_reclen)
  else { preconditionFailure("dirent is a C structure, whose members have offsets") }
  let bytes = UnsafeRawPointer(entry)
  let end = Int(bytes.load(fromByteOffset: length, as: UInt16.self))
  return Array(UnsafeRawBufferPointer(start: bytes, count: end)[start...].prefix { $0 != 0 })
}
