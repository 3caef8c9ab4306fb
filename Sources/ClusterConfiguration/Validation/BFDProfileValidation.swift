import KubernetesAPI
import LegacyConfiguration
import MetalLBAPI

extension ConfiguredBFDProfile {
  /// Checks the ranges, which the schema has too.
  /// - Throws: the first fault, in the order of the fields.
  init(_ profile: BFDProfile) throws(ConfigurationFault) {
    let spec = profile.spec ?? BFDProfile.Spec()
    name = profile.metadata.name
    source = ConfigurationObject(profile)
    receiveInterval = spec.receiveInterval
    transmitInterval = spec.transmitInterval
    detectMultiplier = spec.detectMultiplier
    echoInterval = spec.echoInterval
    echoMode = spec.echoMode ?? false
    passiveMode = spec.passiveMode ?? false
    minimumTTL = spec.minimumTtl
    try Self.check(receiveInterval, 10...60_000, field: "spec.receiveInterval")
    try Self.check(transmitInterval, 10...60_000, field: "spec.transmitInterval")
    try Self.check(detectMultiplier, 2...255, field: "spec.detectMultiplier")
    try Self.check(echoInterval, 10...60_000, field: "spec.echoInterval")
    try Self.check(minimumTTL, 1...254, field: "spec.minimumTtl")
  }

  /// An entry of the ConfigMap.
  init(
    _ profile: LegacyBFDProfile, source: ConfigurationObject
  ) throws(ConfigurationFault) {
    do {
      try self.init(profile.bfdProfile(namespace: ""))
    } catch {
      throw ConfigurationFault(
        error.reason, field: error.field.replacing("spec.", with: ""), error.message)
    }
    self.source = source
  }

  private static func check(
    _ value: UInt32?, _ range: ClosedRange<UInt32>, field: String
  ) throws(ConfigurationFault) {
    guard let value, !range.contains(value) else { return }
    throw ConfigurationFault(
      .invalidBFDProfile, field: field,
      "\(value) is out of range: write a number from \(range.lowerBound) to \(range.upperBound)")
  }
}
