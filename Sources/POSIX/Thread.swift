import Glibc

/// Starts a thread that runs `body` and ends.
///
/// Every signal is blocked in the thread. With SIGPIPE blocked, OpenSSL's write to a closed connection
/// fails instead of ending the process. With the others blocked, handlers run in other threads, and no
/// wait here is interrupted.
///
/// - Parameter stackSize: in bytes; nil for the system's size.
package func startThread(
  stackSize: Int? = nil, _ body: @escaping @Sendable () -> Void
) throws(SystemError) {
  var everySignal = sigset_t()
  var before = sigset_t()
  sigfillset(&everySignal)
  pthread_sigmask(SIG_SETMASK, &everySignal, &before)
  defer { pthread_sigmask(SIG_SETMASK, &before, nil) }

  var attributes = pthread_attr_t()
  pthread_attr_init(&attributes)
  defer { pthread_attr_destroy(&attributes) }
  if let stackSize { pthread_attr_setstacksize(&attributes, stackSize) }
  let argument = Unmanaged.passRetained(ThreadBody(run: body))
  var thread = pthread_t()
  let code = pthread_create(
    &thread, &attributes,
    { argument in
      guard let argument else { return nil }
      Unmanaged<ThreadBody>.fromOpaque(argument).takeRetainedValue().run()
      return nil
    }, argument.toOpaque())
  if code != 0 {
    argument.release()
    throw SystemError(code: code)
  }
  pthread_detach(thread)
}

private final class ThreadBody: Sendable {
  let run: @Sendable () -> Void

  init(run: @escaping @Sendable () -> Void) { self.run = run }
}
