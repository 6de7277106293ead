import Glibc

/// Makes writing to a connection that the peer closed an error instead of the process's end.
///
/// libcurl's `CURLOPT_NOSIGNAL` does not cover what OpenSSL writes, so every process that opens
/// TLS connections calls this first. It may be called any number of times.
package func ignoreBrokenPipes() {
  _ = signal(SIGPIPE, SIG_IGN)
}
