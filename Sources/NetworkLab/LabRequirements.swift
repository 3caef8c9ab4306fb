private import Glibc

/// A program that a lab calls, and where Debian has it.
package struct RequiredTool: Sendable, Hashable {
  package let name: String
  package let package: String

  package init(name: String, package: String) {
    self.name = name
    self.package = package
  }
}

/// What the machine must offer before a lab can be built.
package enum LabRequirements {
  /// Everything that this module calls.
  package static let tools = [
    RequiredTool(name: "ip", package: "iproute2"),
    RequiredTool(name: "nft", package: "nftables"),
    RequiredTool(name: "tcpdump", package: "tcpdump"),
    RequiredTool(name: "nsenter", package: "util-linux"),
    RequiredTool(name: "unshare", package: "util-linux"),
    RequiredTool(name: "setpriv", package: "util-linux"),
    RequiredTool(name: "pivot_root", package: "util-linux"),
  ]

  /// The effective capabilities without which namespaces, mounts and links cannot be made, with
  /// their bit numbers in `linux/capability.h`.
  static let capabilities = [(name: "CAP_NET_ADMIN", bit: 12), (name: "CAP_SYS_ADMIN", bit: 21)]

  /// Why a lab cannot run here; `nil` when it can.
  ///
  /// - Parameter further: tools that are needed beside those of this module.
  package static func unmet(further: [RequiredTool] = []) -> LabError? {
    let status = (try? LabFiles.read("/proc/self/status")) ?? ""
    let missing = missingCapabilities(inStatus: status)
    if !missing.isEmpty { return .notPrivileged(missing: missing) }
    let absent = missingTools(tools + further, path: searchPath)
    return absent.isEmpty ? nil : .missingTools(absent)
  }

  /// Reads the line `CapEff` of `/proc/self/status`; a text without it lacks everything.
  static func missingCapabilities(inStatus status: String) -> [String] {
    let line = status.split(separator: "\n").first { $0.hasPrefix("CapEff:") }
    let digits = line?.dropFirst("CapEff:".count).drop { $0 == "\t" || $0 == " " } ?? ""
    let effective = UInt64(digits, radix: 16) ?? 0
    return capabilities.filter { effective >> UInt64($0.bit) & 1 == 0 }.map(\.name)
  }

  /// The tools that no folder of the search path holds as an executable file.
  package static func missingTools(_ tools: [RequiredTool], path: [String]) -> [RequiredTool] {
    tools.filter { tool in !path.contains { access("\($0)/\(tool.name)", X_OK) == 0 } }
  }

  /// The PATH, with the folders that hold system tools even when a user's PATH leaves them out.
  package static var searchPath: [String] {
    let path = getenv("PATH").map { String(cString: $0) } ?? ""
    return path.split(separator: ":").map(String.init) + ["/usr/sbin", "/sbin", "/usr/bin", "/bin"]
  }
}
