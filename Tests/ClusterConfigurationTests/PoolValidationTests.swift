import KubernetesAPI
import MetalLBAPI
import NetworkAddresses
import Testing

@testable import ClusterConfiguration

struct PoolValidationTests {
  typealias Allocation = IPAddressPool.ServiceAllocation
  typealias Requirement = LabelSelector.Requirement

  struct Row: Sendable, CustomTestStringConvertible {
    var rule: String
    var pool: IPAddressPool
    var reason: ConfigurationFault.Reason
    var field: String
    var fragment: String
    var testDescription: String { "\(rule) \(reason)" }

    init(
      _ rule: String, _ pool: IPAddressPool, _ reason: ConfigurationFault.Reason, _ field: String,
      _ fragment: String
    ) {
      self.rule = rule
      self.pool = pool
      self.reason = reason
      self.field = field
      self.fragment = fragment
    }
  }

  static func selecting(_ requirement: Requirement) -> IPAddressPool {
    pool(
      "a", ["10.0.0.0/24"],
      allocation: Allocation(
        namespaceSelectors: [LabelSelector(matchExpressions: [requirement])]))
  }

  static let rows: [Row] = [
    Row("P1", pool("", ["10.0.0.0/24"]), .missingName, "metadata.name", "has no name"),
    Row("P2", pool("a", []), .noAddresses, "spec.addresses", "has no addresses"),
    Row("P3", pool("a", ["10.0.0.0/24", "x"]), .invalidAddress, "spec.addresses[1]", "\"x\""),
    Row("P3", pool("a", ["10.0.0.0/33"]), .invalidAddress, "spec.addresses[0]", "0 to 32"),
    Row(
      "P3", pool("a", ["10.0.0.9-10.0.0.1"]), .invalidAddress, "spec.addresses[0]", "after its end"),
    Row("P3", pool("a", ["10.0.0.1-fd00::1"]), .invalidAddress, "spec.addresses[0]", "mixes"),
    Row("P3", pool("a", ["::ffff:10.0.0.0/120"]), .invalidAddress, "spec.addresses[0]", "mapped"),
    Row(
      "P3", pool("a", ["010.0.0.0/24"]), .invalidAddress, "spec.addresses[0]", "not an IP address"),
    Row(
      "P3", pool("a", ["fe80::1%eth0/64"]), .invalidAddress, "spec.addresses[0]",
      "not an IP address"),
    Row(
      "P3", pool("a", [" 10.0.0.0/24"]), .invalidAddress, "spec.addresses[0]", "not an IP address"),
    Row("P3", pool("a", [""]), .invalidAddress, "spec.addresses[0]", "not an IP address"),
    Row(
      "P5", pool("a", ["10.0.0.0/24", "10.0.0.5-10.0.0.9"]), .overlappingAddresses,
      "spec.addresses[1]",
      "CIDR \"10.0.0.5-10.0.0.9\" in pool \"a\" overlaps with already defined CIDR \"10.0.0.0/24\""),
    Row(
      "P5", pool("a", ["fd00::1", "fd00::1"]), .overlappingAddresses, "spec.addresses[1]",
      "overlaps"),
    Row(
      "P6", pool("a", ["10.0.0.0/24"], allocation: Allocation(namespaces: ["x", "y", "x"])),
      .duplicateNamespace, "spec.serviceAllocation.namespaces[2]", "\"x\""),
    Row(
      "P7",
      pool(
        "a", ["10.0.0.0/24"],
        allocation: Allocation(namespaceSelectors: [
          LabelSelector(matchLabels: ["a": "b"]), LabelSelector(matchLabels: ["a": "b"]),
        ])), .duplicateSelector, "spec.serviceAllocation.namespaceSelectors[1]",
      "duplicate definition"),
    Row(
      "P7 in another order",
      pool(
        "a", ["10.0.0.0/24"],
        allocation: Allocation(serviceSelectors: [
          LabelSelector(matchExpressions: [
            Requirement(key: "a", operator: "In", values: ["1", "2"])
          ]),
          LabelSelector(matchExpressions: [
            Requirement(key: "a", operator: "In", values: ["2", "1"])
          ]),
        ])), .duplicateSelector, "spec.serviceAllocation.serviceSelectors[1]",
      "duplicate definition"),
    Row(
      "P7 expression twice",
      pool(
        "a", ["10.0.0.0/24"],
        allocation: Allocation(serviceSelectors: [
          LabelSelector(matchExpressions: [
            Requirement(key: "a", operator: "Exists"), Requirement(key: "a", operator: "Exists"),
          ])
        ])), .duplicateSelector,
      "spec.serviceAllocation.serviceSelectors[0].matchExpressions[1]", "\"a\""),
    Row(
      "P7 value twice", selecting(Requirement(key: "a", operator: "In", values: ["1", "1"])),
      .duplicateSelector,
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].values", "\"a\""),
    Row(
      "P8 operator", selecting(Requirement(key: "a", operator: "Equals", values: ["1"])),
      .invalidSelector,
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].operator", "In, NotIn"),
    Row(
      "P8 key", selecting(Requirement(key: "", operator: "Exists")), .invalidSelector,
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].key", "label key"),
    Row(
      "P8 In without values", selecting(Requirement(key: "a", operator: "In")), .invalidSelector,
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].values", "needs values"),
    Row(
      "P8 Exists with values",
      selecting(Requirement(key: "a", operator: "Exists", values: ["1"])), .invalidSelector,
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].values", "takes no values"),
    Row(
      "P8 label value", selecting(Requirement(key: "a", operator: "In", values: ["-x"])),
      .invalidSelector,
      "spec.serviceAllocation.namespaceSelectors[0].matchExpressions[0].values[0]", "label value"),
  ]

  @Test(arguments: rows)
  func `A pool that breaks a rule is refused with place and remedy`(row: Row) throws {
    let fault = try #require(throws: ConfigurationFault.self) { try ParsedPool(row.pool) }
    #expect(fault.reason == row.reason)
    #expect(fault.field == row.field)
    #expect(fault.message.contains(row.fragment), "\(fault)")
  }

  @Test(
    arguments: [
      ("198.51.100.10/24", "198.51.100.0-198.51.100.255"), ("10.0.0.5", "10.0.0.5-10.0.0.5"),
      ("10.0.0.1 - 10.0.0.9", "10.0.0.1-10.0.0.9"), ("10.0.0.7-10.0.0.7", "10.0.0.7-10.0.0.7"),
      ("fd00::/126", "fd00::-fd00::3"), ("fd00::9", "fd00::9-fd00::9"),
    ])
  func `CIDRs, ranges and single addresses are read`(text: String, range: String) throws {
    #expect(try ParsedPool(pool("a", [text])).ranges.map(\.description) == [range])
  }

  @Test(
    arguments: [
      "a", "A-b.c_d", "example.com/name", String(repeating: "x", count: 63), "1/2", "a.b/c",
    ])
  func `Label keys that the API takes are taken`(key: String) {
    #expect(throws: Never.self) {
      try ParsedPool(Self.selecting(Requirement(key: key, operator: "Exists")))
    }
  }

  @Test(
    arguments: [
      "-a", "a-", "a/b/c", "/a", "a/", "Ex.com/a", "a..b/c", "ä", String(repeating: "x", count: 64),
    ])
  func `Label keys that the API refuses are refused`(key: String) {
    #expect(throws: ConfigurationFault.self) {
      try ParsedPool(Self.selecting(Requirement(key: key, operator: "Exists")))
    }
  }

  @Test func `Only a priority matches every Service`() throws {
    let parsed = try ParsedPool(
      pool("a", ["10.0.0.0/24"], allocation: Allocation(priority: 5)))
    var none = NamespaceSelection([])
    let configured = parsed.configured(
      source: ConfigurationObject(reference: ObjectReference()), &none)
    #expect(configured.serviceAllocation == .init(priority: 5))
  }

  @Test func `Names and selected namespaces are one set, which may be empty`() throws {
    var existing = NamespaceSelection([
      namespace("x", ["team": "red"]), namespace("y", ["team": "blue"]),
    ])
    func namespaces(_ allocation: Allocation) throws -> Set<String>? {
      try ParsedPool(pool("a", ["10.0.0.0/24"], allocation: allocation))
        .configured(source: ConfigurationObject(reference: ObjectReference()), &existing)
        .serviceAllocation?.namespaces
    }
    let red = LabelSelector(matchLabels: ["team": "red"])
    let green = LabelSelector(matchLabels: ["team": "green"])
    #expect(try namespaces(Allocation(namespaces: ["z"], namespaceSelectors: [red])) == ["x", "z"])
    #expect(try namespaces(Allocation(namespaceSelectors: [green])) == [])
    #expect(try namespaces(Allocation(serviceSelectors: [red])) == nil)
  }
}
