import Glibc

/// Ignores SIGPIPE, so that a write to a closed connection fails instead of ending the process.
///
/// libcurl's `CURLOPT_NOSIGNAL` does not cover OpenSSL's writes, so whatever opens TLS connections
/// calls this first. It may be called any number of times.
package func ignoreBrokenPipes() {
  _ = signal(SIGPIPE, SIG_IGN)
}
