/// The AWS services that are used, with their names in hosts, signatures, targets and variables.
package enum AWSService: Hashable, Sendable, CaseIterable {
  case acm, cognito, tagging, sts, iam

  /// The first label of the host.
  package var hostPrefix: String {
    switch self {
    case .acm: "acm"
    case .cognito: "cognito-idp"
    case .tagging: "tagging"
    case .sts: "sts"
    case .iam: "iam"
    }
  }

  /// The name in the scope of a signature.
  var signingName: String { hostPrefix }

  /// The part of `X-Amz-Target` before the dot. STS and IAM use the query protocol and have none.
  var targetPrefix: String {
    switch self {
    case .acm: "CertificateManager"
    case .cognito: "AWSCognitoIdentityProviderService"
    case .tagging: "ResourceGroupsTaggingAPI_20170126"
    case .sts, .iam: ""
    }
  }

  /// The service in a `[services]` section of the config file and, in capitals, in the variable that
  /// sets its endpoint.
  var settingName: String {
    switch self {
    case .acm: "acm"
    case .cognito: "cognito_identity_provider"
    case .tagging: "resource_groups_tagging_api"
    case .sts: "sts"
    case .iam: "iam"
    }
  }

  /// The variable that sets the endpoint of this service only.
  var endpointVariable: String { "AWS_ENDPOINT_URL_\(settingName.uppercased())" }

  /// The part of an IAM action before the colon.
  var actionPrefix: String {
    switch self {
    case .acm: "acm"
    case .cognito: "cognito-idp"
    case .tagging: "tag"
    case .sts: "sts"
    case .iam: "iam"
    }
  }

  /// Whether the service has one endpoint for all regions of a partition.
  var isGlobal: Bool { self == .iam }

  /// Whether the plain host name in GovCloud is the FIPS endpoint.
  var hasPlainFIPSNameInGovCloud: Bool {
    switch self {
    case .acm, .sts: true
    case .cognito, .tagging, .iam: false
    }
  }

  /// Whether the service has dual-stack hosts in AWS's commercial regions. Cognito has none there, and
  /// the SDKs use its other hosts.
  var hasCommercialDualStack: Bool {
    switch self {
    case .acm, .tagging, .sts, .iam: true
    case .cognito: false
    }
  }
}
