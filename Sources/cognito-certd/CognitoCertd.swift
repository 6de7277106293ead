import ArgumentParser

@main
struct CognitoCertd: AsyncParsableCommand {
  static let configuration = CommandConfiguration(
    commandName: "cognito-certd",
    abstract: "Keeps Amazon Cognito custom domains on the right ACM certificate.",
    discussion: """
      Finds certificates that replace the attached ones by the rules of the configuration file, \
      attaches them, and checks the edges until every one of them serves its new certificate.
      """,
    version: Version.current,
    subcommands: [Run.self, Check.self, Status.self, Hold.self, Resume.self, Retry.self])
}

enum Version {
  static let current = "0.1.0"
}
