import ArgumentParser
import MetalLBSpeaker
import NetworkAddresses

/// How a speaker finds out which others are alive (spec/speaker 1.1).
struct GossipArguments: ParsableArguments {
  @Option(
    name: .customLong("ml-bindaddr"),
    help: "The address for gossip. Without one, the readiness of Nodes and Pods counts.")
  var bindAddress = environment("METALLB_ML_BIND_ADDR")

  @Option(
    name: .customLong("ml-bindport"), help: "The port for gossip, UDP and TCP; 7946 by default.")
  var bindPort = environment("METALLB_ML_BIND_PORT")

  @Option(
    name: .customLong("ml-secret-key-path"),
    help: "A directory with the file secretkey; secretkey.1 and so on are only for understanding.")
  var secretDirectory = environment("METALLB_ML_SECRET_KEY_PATH")

  @Option(
    name: .customLong("ml-profile"),
    help: "upstream, or fast, which notices a dead node within a second.")
  var profile = environment("METALLB_ML_PROFILE")

  @Flag(name: .customLong("ml-wan-config"), help: "For nodes that are far apart.")
  var isWAN = false

  /// Nil when gossip is off.
  var options: GossipOptions? {
    get throws {
      guard !bindAddress.isEmpty else { return nil }
      guard let address = IPAddress(bindAddress) else {
        throw ValidationError("--ml-bindaddr (\(bindAddress)) must be an IP address.")
      }
      var options = GossipOptions(bindAddress: address)
      if !bindPort.isEmpty {
        guard let port = UInt16(bindPort), port > 0 else {
          throw ValidationError("--ml-bindport (\(bindPort)) must be a port from 1 to 65535.")
        }
        options.bindPort = port
      }
      if !profile.isEmpty {
        guard let profile = GossipOptions.Profile(rawValue: profile) else {
          throw ValidationError("--ml-profile (\(profile)) must be upstream or fast.")
        }
        options.profile = profile
      }
      options.secretDirectory = secretDirectory
      options.secret = environment("METALLB_ML_SECRET_KEY")
      options.isWAN = isWAN
      return options
    }
  }
}
