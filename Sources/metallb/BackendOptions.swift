import ArgumentParser
import MetalLBSpeaker

/// What upstream's speaker is told about its BGP backends. Taken and checked, so that its manifests start this program.
struct BackendOptions: ParsableArguments {
  /// In milliseconds.
  @Option(name: .customLong("bgp-debounce-timeout"))
  var debounceTimeout = environment("METALLB_BGP_DEBOUNCE_TIMEOUT")

  @Option(name: .customLong("frrk8s-namespace"))
  var frrK8sNamespace = environment("FRRK8S_NAMESPACE")

  @Flag(name: .customLong("frrk8s-secret-passthrough"))
  var passesSecretsThrough = false

  /// Long without effect, with upstream too.
  @Option var host = environment("METALLB_HOST")

  var type: SpeakerOptions.BGPType {
    get throws {
      let text = environment("METALLB_BGP_TYPE")
      if text.isEmpty { return .native }
      guard let type = SpeakerOptions.BGPType(rawValue: text) else {
        throw ValidationError("METALLB_BGP_TYPE (\(text)) must be native, frr or frr-k8s.")
      }
      return type
    }
  }

  func validate() throws {
    let type = try type
    guard debounceTimeout.isEmpty || Int(debounceTimeout) ?? 0 > 0 else {
      throw ValidationError(
        "--bgp-debounce-timeout (\(debounceTimeout)) must be a number of milliseconds above 0.")
    }
    guard !passesSecretsThrough || type == .frrK8s && !frrK8sNamespace.isEmpty else {
      throw ValidationError(
        "--frrk8s-secret-passthrough needs METALLB_BGP_TYPE=frr-k8s and --frrk8s-namespace.")
    }
  }
}
