package import Narration

extension Event.Kind {
  /// The journal's MESSAGE_ID, which the message catalog explains and scripts may match. An id is never
  /// changed and never reused.
  package var messageID: String {
    switch self {
    case .daemonStarted: "26d9ecf94c9f445bbc835e063ae62750"
    case .daemonStopping: "12e811fc701d4fdc808b88875cd5c801"
    case .configLoaded: "e0d7d9f8b8664349a10967d4947a41f8"
    case .configRejected: "c9e438cc21dd41b1bba36a2a81578543"
    case .pollCompleted: "e4a9829dadb24425bb26028c72ab5eee"
    case .pollFailed: "3f89cd07e95e43628662e23733d0ee53"
    case .replacementFound: "4f60a15d324e4fc3afaeec2db1135bf0"
    case .candidateIneligible: "ef53d1a6ac4945babcb82da6ebc62192"
    case .candidateMissing: "a6fa4d071dbb420998c9f5d9a9058ef0"
    case .decisionBlocked: "7be0b5b1a0f64f0f8ff9a1bb9a3a6f43"
    case .certificateExpiring: "cbbd5d199b4a4525a228a417474441ba"
    case .updateSubmitted: "48a2587e8ea64920b5ad9b2b18c58cc5"
    case .updateAccepted: "97e8fb824ba44f76be8443a59a5cf61e"
    case .updateRetrying: "a9585856d6bd44a285d27df83e381a61"
    case .updateRefused: "860ef7de26b74e59881f6d6f967eb24e"
    case .propagationWaiting: "a8d3beb369984991bf5c89b748c7e34c"
    case .rolloutCompleted: "f6ff2d39e0154265914c7b5bd653fbf2"
    case .rolloutOverdue: "47ead5daa6cc4589a606bdc7f52000f9"
    case .rolloutSuperseded: "8c85ab0e37594229b147ad8d42fad363"
    case .rolloutRolledBack: "c4b1f0a26f5d4c0e9d3e7a81b5f26c90"
    case .waveStopped: "8e3d5a7c14b94f62a0d7c9e6f2b81d35"
    case .waveResumed: "2f9a6c8e7b3d41d5b6e0f4a1c8d72e96"
    case .certificateReleased: "2214f98cfe1444299a99d1b152c4d7fa"
    case .holdRequested: "207c5e30999245a18d67a1711a0ec888"
    case .resumeRequested: "0f0619e100c744029e1833b531fec18e"
    case .retryRequested: "ccbdccf65ac446dd886fadd8792393f5"
    case .settingsChanged: "dfa4e11963be4e85a37264d8fb06b982"
    case .driftDetected: "00db39204c054db68875920e8a7a8712"
    case .renewalUnserved: "69fefea7ef844bada30bc32883b65286"
    case .credentialsFailed: "26a1156d83cb446d80eb934017dbceaa"
    case .clockStepped: "3a567777d17449d8b6a570776c962d27"
    case .clockWrong: "b0c1a7c0e5d94e0c8a3f6a54c1d7f3e2"
    case .edgesRefusing: "5d2e8f4b9a1746d3b7c05e9f31a2c684"
    case .metricsListening: "3b7c2e9d5f1a48e6a0c4d8b2f6e19375"
    case .metricsFailed: "c7d15a8e3f2b4960b8e1a4c9d05f7e62"
    case .stateFailed: "fb56f8b15b0e4211817c069ed0bb9f70"
    }
  }
}
