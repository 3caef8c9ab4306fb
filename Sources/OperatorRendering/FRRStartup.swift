import KubernetesAPI

/// The ConfigMap `frr-startup`: which daemons FRR runs, and the empty configuration that it starts with and
/// that the reloader replaces.
enum FRRStartup {
  static func configMap(_ input: RenderingInput) -> ConfigMap {
    let labels =
      input.backend == .frrK8s
      ? ObjectLabel.frrK8sObject : ObjectLabel.object(ComponentName.speaker)
    return ConfigMap(
      metadata: ObjectMeta(name: ObjectName.frrStartup, namespace: input.namespace, labels: labels),
      data: [
        "daemons": daemons(keepsRoutes: input.backend == .frrK8s),
        "vtysh.conf": "service integrated-vtysh-config\n",
        "frr.conf": configuration,
      ])
  }

  /// Those of FRR's own list that do not run, each with the address that its terminal would listen on.
  private static let unused = [
    ("ospfd", "127.0.0.1"), ("ospf6d", "::1"), ("ripd", "127.0.0.1"), ("ripngd", "::1"),
    ("isisd", "127.0.0.1"), ("pimd", "127.0.0.1"), ("ldpd", "127.0.0.1"), ("nhrpd", "127.0.0.1"),
    ("eigrpd", "127.0.0.1"), ("babeld", "127.0.0.1"), ("sharpd", "127.0.0.1"),
    ("pbrd", "127.0.0.1"), ("fabricd", "127.0.0.1"), ("vrrpd", "127.0.0.1"),
  ]

  /// - Parameter keepsRoutes: zebra leaves the kernel's routes for two minutes when it starts, so that a restart
  ///   of FRR interrupts nothing.
  private static func daemons(keepsRoutes: Bool) -> String {
    let zebra = keepsRoutes ? " -K 120" : ""
    let running = """
      # Sessions need bgpd, their supervision bfdd; zebra, staticd and watchfrr always run.
      bgpd=yes
      bfdd=yes

      """
    let off = unused.map { "\($0.0)=no\n" }.joined()
    // Port 0: bgpd calls its peers and does not listen for them.
    let options = """

      vtysh_enable=yes
      zebra_options="  -A 127.0.0.1 -s 90000000 --limit-fds 100000\(zebra)"
      bgpd_options="   -A 127.0.0.1 -p 0 --limit-fds 100000"
      staticd_options="-A 127.0.0.1 --limit-fds 100000"
      bfdd_options="   -A 127.0.0.1 --limit-fds 100000"

      """
    return running + off + options
      + unused.map { "\($0.0)_options=\"-A \($0.1)\"\n" }.joined()
  }

  private static let configuration = """
    ! Replaced as soon as there is something to configure.
    frr version 8.0
    frr defaults traditional
    hostname Router
    line vty
    log stdout informational

    """
}
