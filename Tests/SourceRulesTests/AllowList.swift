/// What the rules find and what is needed all the same.
enum AllowList {
  struct Entry: Sendable {
    /// `Type.name`, or `name` of any type.
    let name: String
    let reason: String

    init(_ name: String, _ reason: String) {
      self.name = name
      self.reason = reason
    }

    func allows(_ declaration: Declaration) -> Bool {
      name == declaration.name || name == declaration.typeName.map { "\($0).\(declaration.name)" }
    }
  }

  /// Declarations that code outside `Sources` uses, or that code of the compiler does.
  static let declarations = [
    Entry("validate", "ArgumentParser calls it"),
    Entry("CognitoCertd", "@main"),
    Entry("SimulatorCommand", "@main"),
    Entry("Worlds", "@main"),
    Entry("VirtualExecutor.enqueue", "TaskExecutor: the runtime calls it"),
    Entry("Rollout.phaseWords", "The tests hold the documents and the state file against it"),
    Entry("customMirror", "CustomReflectable: dump must not see a secret"),
    Entry("FileIdentity.device", "Compared whole, to see that a file was replaced"),
    Entry("FileIdentity.inode", "Compared whole, to see that a file was replaced"),
    Entry("FileIdentity.modified", "Compared whole, to see that a file was replaced"),
    Entry("FileIdentity.changed", "Compared whole, to see that a file was replaced"),
    Entry("Metric.labels", "The tests hold the documents, the rules and the dashboard against it"),
    Entry("Version.reloadSucceeded", "Compared whole, to see that a text is outdated"),
    Entry("Scope.owner", "Compared whole, as the key of a dictionary"),
    Entry("Identity.device", "Compared whole, to see that two names are of one file"),
    Entry("Stamp.inode", "Compared whole, to see that a file changed"),
    Entry("Stamp.modifiedSeconds", "Compared whole, to see that a file changed"),
    Entry("Stamp.modifiedNanoseconds", "Compared whole, to see that a file changed"),
  ]

  /// Functions whose parameters a protocol of another package prescribes.
  static let parameters = [
    Entry("JSONValue.init(nilLiteral:)", "ExpressibleByNilLiteral"),
    Entry("VirtualExecutor.outside(isolation:_:)", "The compiler passes the caller's actor"),
  ]

  static func allowsParameters(_ declaration: Declaration) -> Bool {
    let name = declaration.typeName.map { "\($0).\(declaration.fullName)" }
    return parameters.contains { $0.name == name }
  }

  /// What tells that an identifier is of a module that is not ours. A module that is not in here
  /// is not looked at.
  static let modules: [String: UnusedImports.Names] = [
    "ArgumentParser": .init(
      words: [
        "Argument", "CommandConfiguration", "ExitCode", "ExpressibleByArgument", "Flag", "Option",
        "OptionGroup", "ValidationError",
      ], prefixes: ["Parsable", "AsyncParsable"]),
    "CCurl": .init(prefixes: ["curl_", "CURL", "certd_"]),
    "COpenSSL": .init(
      words: ["epoll_event", "eventfd", "memcmp"],
      prefixes: [
        "ASN1_", "BIO_", "BN_", "CRYPTO_", "ERR_", "EVP_", "GENERAL_NAME", "HMAC", "NID_", "OBJ_",
        "OPENSSL_", "PEM_", "RAND_", "SHA256", "SSL_", "TLS_", "X509_", "cossl_", "d2i_", "i2d_",
        "epoll_", "timerfd_",
      ]),
    "CYaml": .init(prefixes: ["YAML_", "yaml_"]),
    "Dispatch": .init(prefixes: ["Dispatch"]),
    "Foundation": .init(
      // `format` is the label of `String(format:)`.
      words: [
        "Data", "Date", "FileHandle", "FileManager", "Process", "format", "ProcessInfo", "URL",
      ],
      members: [
        "components", "trimmingCharacters", "appending",
        "precomposedStringWithCompatibilityMapping",
      ], prefixes: ["NS", "JSONSerial"]),
    // The C library is large: what the sources use of it.
    "Glibc": .init(
      words: [
        "accept", "addrinfo", "bind", "chmod", "close", "closedir", "connect", "dirent", "dlsym",
        "dup",
        "errno", "exit", "fchmod", "fclose", "fcntl", "flock", "fopen", "freeaddrinfo", "fstat",
        "fsync",
        "ftruncate", "fwrite", "gai_strerror", "getaddrinfo", "getenv", "getpid", "getsockname",
        "getuid",
        "getsockopt", "ioctl", "iovec", "isatty", "itimerspec", "kill", "listen", "lstat",
        "mkdtemp",
        "mode_t", "nfds_t", "open", "opendir", "pid_t", "poll", "pollfd", "pread", "pwrite",
        "read", "readdir", "recv", "rename", "rlimit", "rmdir", "send", "sendto", "setsockopt",
        "shutdown",
        "signal", "socket", "socklen_t", "stat", "statvfs", "strerror", "timespec", "timeval",
        "tm", "uname", "unlink", "usleep", "utsname", "waitpid", "winsize", "write",
      ],
      prefixes: [
        "AF_", "CLOCK_", "EAI_", "O_", "S_I", "SEEK_", "SHUT_", "SIG", "SOCK_", "SOL_", "STDERR_",
        "STDIN_", "STDOUT_", "clock_", "eventfd_", "gmtime", "in6_", "in_addr", "inet_",
        "pthread_", "sa_family", "sig", "sockaddr", "timerfd_",
      ]),
    "GRDB": .init(
      words: ["Configuration", "Row", "StatementArguments"], members: ["fetchOne", "fetchAll"],
      prefixes: ["Database"]),
    "GRDBSQLite": .init(prefixes: ["SQLITE_", "sqlite3_"]),
    "Logging": .init(
      words: ["Logger", "LogEvent"], members: ["rawValue"],
      prefixes: ["LogHandler", "LoggingSystem"]),
    "ServiceLifecycle": .init(
      words: ["Service"], prefixes: ["ServiceGroup", "withGracefulShutdown", "gracefulShutdown"]),
    "UnixSignals": .init(prefixes: ["UnixSignal"]),
    "Yams": .init(words: ["Node", "YamlError", "Parser", "Mark"], prefixes: ["Yam", "Resolver"]),
  ]

  static func allows(_ declaration: Declaration) -> Bool {
    declarations.contains { $0.allows(declaration) }
  }
}
