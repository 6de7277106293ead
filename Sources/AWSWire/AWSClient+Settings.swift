package import RolloutCore

/// The settings of the environment and the shared AWS files that an identity uses.
extension AWSClient {
  /// The region of `AWS_REGION`, `AWS_DEFAULT_REGION` or the profile; nil where none is set.
  package func region(of identity: Identity) -> Look<Region?> {
    do throws(CredentialProblem) {
      return .seen(try client.credentials.region(of: identity, at: uptime()))
    } catch {
      return .unseen(problem(error, of: identity))
    }
  }

  /// The URL that requests to a service are sent to.
  package func endpoint(
    of service: AWSService, in region: Region, as identity: Identity
  ) -> Look<String> {
    do throws(MalformedEndpoint) {
      let settings = try client.endpoints.settings(for: identity, at: uptime())
      return .seen(try settings.url(of: service, in: region))
    } catch {
      return .unseen(
        Failure(
          .credentials, operation: "endpoint", object: identity.description,
          message: error.description))
    }
  }

  /// Where the keys of an identity come from, in words: `the environment`, `profile prod of …`. Nothing
  /// is requested.
  package func credentialSource(of identity: Identity) -> Look<String> {
    do throws(CredentialProblem) {
      return .seen(try client.credentials.recipe(for: identity, at: uptime()).origin)
    } catch {
      return .unseen(problem(error, of: identity))
    }
  }

  private func problem(_ problem: CredentialProblem, of identity: Identity) -> Failure {
    Failure(
      .credentials, operation: "credentials", object: identity.description,
      message: problem.description)
  }
}
