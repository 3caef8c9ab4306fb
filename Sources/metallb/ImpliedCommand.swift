/// Which command a container means that starts this program with flags alone. Upstream's manifests name a command for
/// some Pods only, because each of its images is one program; ours serves all of them by the same entry point.
enum ImpliedCommand {
  /// The first match counts. Speakers know their Node, controllers their Deployment or at least their Pod, operators
  /// the namespace that they watch (spec/operator 4.2, 4.3, 4.9 and 7.2).
  private static let variables = [
    ("METALLB_NODE_NAME", "speaker"), ("METALLB_DEPLOYMENT", "controller"),
    ("METALLB_POD_NAME", "controller"), ("OPERATOR_NAMESPACE", "operator"),
    ("WATCH_NAMESPACE", "operator"),
  ]

  /// Flags that one command alone has, for those who set no variables.
  private static let flags = [
    "node-name": "speaker", "host": "speaker", "ml-bindaddr": "speaker", "ml-bindport": "speaker",
    "ml-labels": "speaker", "ml-secret-key-path": "speaker", "ml-wan-config": "speaker",
    "ml-profile": "speaker", "ignore-exclude-lb": "speaker", "bgp-debounce-timeout": "speaker",
    "frrk8s-namespace": "speaker", "frrk8s-secret-passthrough": "speaker",
    "webhook-mode": "controller", "webhook-secret": "controller", "deployment": "controller",
    "ml-secret-name": "controller", "enable-leader-election": "operator",
    "metrics-addr": "operator", "external-metallb-webhook-server": "operator",
  ]

  /// What people ask this program itself.
  private static let questions: Set = [
    "help", "help-hidden", "version", "generate-completion-script", "experimental-dump-help",
  ]

  /// - Returns: nil when the arguments name a command, ask for help, or tell nothing.
  static func command(arguments: [String], environment: [String: String]) -> String? {
    guard let first = arguments.first, first.hasPrefix("-"), first != "-h", first != "-",
      !questions.contains(name(of: first))
    else { return nil }
    for (variable, command) in variables where environment[variable]?.isEmpty == false {
      return command
    }
    return arguments.lazy.compactMap { flags[name(of: $0)] }.first
  }

  /// `ml-labels` of `--ml-labels=app=metallb`; empty for what is no flag.
  private static func name(of argument: String) -> String {
    guard argument.hasPrefix("--") else { return "" }
    return String(argument.dropFirst(2).prefix { $0 != "=" })
  }
}
