/// The services that are called, and what each is named where.
enum AWSService: Hashable, Sendable, CaseIterable {
  case acm, cognito, tagging, sts

  /// The first label of its host.
  var hostPrefix: String {
    switch self {
    case .acm: "acm"
    case .cognito: "cognito-idp"
    case .tagging: "tagging"
    case .sts: "sts"
    }
  }

  /// Its name in the scope of a signature.
  var signingName: String { hostPrefix }

  /// What stands before the dot of `X-Amz-Target`; STS speaks the query protocol and has none.
  var targetPrefix: String {
    switch self {
    case .acm: "CertificateManager"
    case .cognito: "AWSCognitoIdentityProviderService"
    case .tagging: "ResourceGroupsTaggingAPI_20170126"
    case .sts: ""
    }
  }

  /// The variable that sets its endpoint alone.
  var endpointVariable: String {
    switch self {
    case .acm: "AWS_ENDPOINT_URL_ACM"
    case .cognito: "AWS_ENDPOINT_URL_COGNITO_IDENTITY_PROVIDER"
    case .tagging: "AWS_ENDPOINT_URL_RESOURCE_GROUPS_TAGGING_API"
    case .sts: "AWS_ENDPOINT_URL_STS"
    }
  }

  /// In GovCloud these answer under their plain name, which is validated for FIPS already.
  var hasPlainFIPSNameInGovCloud: Bool {
    switch self {
    case .acm, .sts: true
    case .cognito, .tagging: false
    }
  }
}
