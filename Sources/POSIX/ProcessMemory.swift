import Glibc

/// The memory of this process, which holds keys and tokens.
package enum ProcessMemory {
  /// PR_SET_DUMPABLE of `<linux/prctl.h>`.
  private static let setDumpable: Int32 = 4

  private typealias Control = @convention(c) (Int32, UInt, UInt, UInt, UInt) -> Int32

  /// No core dump is written, and no other process of the user can read the memory. False when that
  /// cannot be had.
  package static func protect() -> Bool {
    // prctl has variable arguments, which Swift does not import.
    guard let symbol = dlsym(nil, "prctl") else { return false }
    return unsafeBitCast(symbol, to: Control.self)(setDumpable, 0, 0, 0, 0) == 0
  }
}
