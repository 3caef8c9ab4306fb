extension ClientConfiguration {
  /// Where the kubelet puts a Pod's service account.
  package static let serviceAccountRoot = "/var/run/secrets/kubernetes.io/serviceaccount"

  /// The configuration of a Pod: server from the environment, token, CA and namespace from the
  /// projected service account volume. The token file is read again as it rotates.
  package static func inCluster(
    environment: [String: String] = processEnvironment(), root: String = serviceAccountRoot
  ) throws(ConfigurationError) -> ClientConfiguration {
    guard let host = environment["KUBERNETES_SERVICE_HOST"], !host.isEmpty else {
      throw .notInCluster(missing: "KUBERNETES_SERVICE_HOST")
    }
    guard let port = environment["KUBERNETES_SERVICE_PORT"], !port.isEmpty else {
      throw .notInCluster(missing: "KUBERNETES_SERVICE_PORT")
    }
    let token = "\(root)/token"
    guard fileExists(token) else { throw .notInCluster(missing: token) }
    let authority = "\(root)/ca.crt"
    let namespace = (try? readFile("\(root)/namespace")).map(trimmedText) ?? ""
    return ClientConfiguration(
      server: "https://\(host.contains(":") ? "[\(host)]" : host):\(port)",
      namespace: namespace.isEmpty ? "default" : namespace,
      tls: TLS(certificateAuthority: fileExists(authority) ? .file(authority) : nil),
      credentials: .tokenFile(token))
  }

  /// What a program uses that was told nothing: the named kubeconfig, else `KUBECONFIG`, else the
  /// Pod's service account, else `~/.kube/config`.
  package static func automatic(
    kubeconfig: String? = nil, context: String? = nil,
    environment: [String: String] = processEnvironment()
  ) throws(ConfigurationError) -> ClientConfiguration {
    let named = kubeconfig.map { !$0.isEmpty } ?? false
    if named || !(environment["KUBECONFIG"] ?? "").isEmpty {
      return try .kubeconfig(path: kubeconfig, context: context, environment: environment)
    }
    do throws(ConfigurationError) {
      return try .inCluster(environment: environment)
    } catch {
      guard let home = environment["HOME"], fileExists("\(home)/.kube/config") else {
        throw .notFound(
          searched: ["--kubeconfig", "KUBECONFIG", serviceAccountRoot, "~/.kube/config"])
      }
      return try .kubeconfig(
        path: "\(home)/.kube/config", context: context, environment: environment)
    }
  }
}

/// The text of a file without white space at its ends.
func trimmedText(_ bytes: [UInt8]) -> String {
  let isSpace = { (byte: UInt8) in byte == 0x20 || (0x09...0x0D).contains(byte) }
  let start = bytes.firstIndex { !isSpace($0) } ?? bytes.endIndex
  let end = bytes.lastIndex { !isSpace($0) }.map { $0 + 1 } ?? start
  return String(decoding: bytes[start..<end], as: UTF8.self)
}
