/// The AWS services that are used, with their names in hosts, signatures, targets and variables.
enum AWSService: Hashable, Sendable, CaseIterable {
  case acm, cognito, tagging, sts

  /// The first label of the host.
  var hostPrefix: String {
    switch self {
    case .acm: "acm"
    case .cognito: "cognito-idp"
    case .tagging: "tagging"
    case .sts: "sts"
    }
  }

  /// The name in the scope of a signature.
  var signingName: String { hostPrefix }

  /// The part of `X-Amz-Target` before the dot. STS uses the query protocol and has none.
  var targetPrefix: String {
    switch self {
    case .acm: "CertificateManager"
    case .cognito: "AWSCognitoIdentityProviderService"
    case .tagging: "ResourceGroupsTaggingAPI_20170126"
    case .sts: ""
    }
  }

  /// The variable that sets the endpoint of this service only.
  var endpointVariable: String {
    switch self {
    case .acm: "AWS_ENDPOINT_URL_ACM"
    case .cognito: "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
    case .tagging: "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API"
    case .sts: "AWS_ENDPOINT_URL_STS"
    }
  }

  /// Whether the plain host name in GovCloud is the FIPS endpoint.
  var hasPlainFIPSNameInGovCloud: Bool {
    switch self {
    case .acm, .sts: true
    case .cognito, .tagging: false
    }
  }
}
