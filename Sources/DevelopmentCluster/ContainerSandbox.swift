package import KubernetesAPI
package import NetworkLab

/// Turns a container of a Pod into the sandbox that its process runs in: a pure function.
package enum ContainerSandbox {
  package enum Failure: Error, Hashable, CustomStringConvertible {
    /// The Pod asks not to run as root and gives no other user.
    case runsAsRoot
    case unknownVolume(String)
    case badUser(Int64)

    package var description: String {
      switch self {
      case .runsAsRoot: "container has runAsNonRoot and image will run as root"
      case .unknownVolume(let name): "volume \"\(name)\" is mounted and not declared"
      case .badUser(let id): "\(id) is no user or group"
      }
    }
  }

  /// What containers may do when nothing else is said (containerd's default).
  static let defaultCapabilities = [
    "AUDIT_WRITE", "CHOWN", "DAC_OVERRIDE", "FOWNER", "FSETID", "KILL", "MKNOD",
    "NET_BIND_SERVICE", "NET_RAW", "SETFCAP", "SETGID", "SETPCAP", "SETUID", "SYS_CHROOT",
  ]

  /// Everything up to `CAP_CHECKPOINT_RESTORE`; for containers that add `ALL`.
  static let allCapabilities =
    defaultCapabilities + [
      "AUDIT_CONTROL", "AUDIT_READ", "BLOCK_SUSPEND", "BPF", "CHECKPOINT_RESTORE",
      "DAC_READ_SEARCH", "IPC_LOCK", "IPC_OWNER", "LEASE", "LINUX_IMMUTABLE", "MAC_ADMIN",
      "MAC_OVERRIDE", "NET_ADMIN", "NET_BROADCAST", "PERFMON", "SYSLOG", "SYS_ADMIN", "SYS_BOOT",
      "SYS_MODULE", "SYS_NICE", "SYS_PACCT", "SYS_PTRACE", "SYS_RAWIO", "SYS_RESOURCE", "SYS_TIME",
      "SYS_TTY_CONFIG", "WAKE_ALARM",
    ]

  /// - Parameters:
  ///   - root: an unused folder of the machine.
  ///   - volumes: where the machine has each volume of the Pod.
  ///   - hosts: the text of `/etc/hosts`.
  package static func make(
    _ container: Container, of pod: Pod, image: ImageCatalog.Image, root: String,
    volumes: [String: String], hosts: String
  ) throws(Failure) -> Sandbox {
    let context = container.securityContext
    let podContext = pod.spec?.securityContext
    var sandbox = Sandbox(root: root)
    sandbox.user = try id(context?.runAsUser ?? podContext?.runAsUser ?? 0)
    sandbox.group = try id(context?.runAsGroup ?? podContext?.runAsGroup ?? 0)
    if context?.runAsNonRoot ?? podContext?.runAsNonRoot ?? false, sandbox.user == 0 {
      throw .runsAsRoot
    }
    var groups: [UInt32] = []
    for group in (podContext?.supplementalGroups ?? []) + [podContext?.fsGroup].compactMap(\.self) {
      groups.append(try id(group))
    }
    sandbox.supplementalGroups = groups
    let isPrivileged = context?.privileged == true
    sandbox.capabilities = isPrivileged ? nil : capabilities(context?.capabilities)
    sandbox.noNewPrivileges = context?.allowPrivilegeEscalation == false && !isPrivileged
    sandbox.isRootReadOnly = context?.readOnlyRootFilesystem == true
    sandbox.links = image.links
    sandbox.files = [
      "/etc/hosts": hosts,
      "/etc/passwd": "root:x:0:0:root:/root:/bin/sh\nnobody:x:65534:65534:nobody:/:/bin/false\n",
      "/etc/group": "root:x:0:\nnogroup:x:65534:\n",
      "/etc/resolv.conf": "",
      "/etc/nsswitch.conf": "hosts: files\n",
    ]
    sandbox.mounts = image.files.sorted { $0.key < $1.key }.map {
      Sandbox.Mount(.bind($0.value), at: $0.key, isReadOnly: true)
    }
    for mount in container.volumeMounts ?? [] {
      guard let volume = volumes[mount.name] else { throw .unknownVolume(mount.name) }
      let source = mount.subPath.map { $0.isEmpty ? volume : "\(volume)/\($0)" } ?? volume
      sandbox.mounts.append(
        Sandbox.Mount(.bind(source), at: mount.mountPath, isReadOnly: mount.readOnly == true))
    }
    return sandbox
  }

  static func capabilities(_ wanted: SecurityContext.Capabilities?) -> [String] {
    let drop = (wanted?.drop ?? []).map(name)
    let add = (wanted?.add ?? []).map(name)
    var result = drop.contains("ALL") ? [] : defaultCapabilities.filter { !drop.contains($0) }
    for capability in add.contains("ALL") ? allCapabilities : add
    where !result.contains(capability) {
      result.append(capability)
    }
    return result.sorted()
  }

  /// `CAP_NET_RAW` and `NET_RAW` are the same.
  private static func name(_ text: String) -> String {
    text.uppercased().hasPrefix("CAP_") ? String(text.uppercased().dropFirst(4)) : text.uppercased()
  }

  private static func id(_ number: Int64) throws(Failure) -> UInt32 {
    guard let id = UInt32(exactly: number), id < .max else { throw .badUser(number) }
    return id
  }
}
