import KubernetesAPI
import MetalLBAPI
import Testing

@testable import ClusterConfiguration

struct ConfigurationAdmissionTests {
  static let sources = ConfigurationSources(
    ipAddressPools: [
      pool("a", ["10.0.0.0/24"], created: 1), pool("b", ["10.0.1.0/24"], created: 2),
    ],
    l2Advertisements: [advertisement("all")],
    bgpPeers: [peer("p", created: 1) { $0.bfdProfile = "later" }])

  static func review(_ change: (inout ConfigurationSources) -> ConfigurationObject?)
    -> ConfigurationAdmission
  {
    var after = sources
    let object = change(&after)
    return ConfigurationAdmission(before: sources, after: after, object: object)
  }

  @Test func `A valid object is admitted, beside one that was at fault before`() {
    let admission = Self.review { sources in
      let new = pool("c", ["10.0.2.0/24"], created: 3)
      sources.put(new, in: \.ipAddressPools)
      return ConfigurationObject(describing: new)
    }
    #expect(admission.denial == nil)
    #expect(admission.warnings == [])
  }

  @Test func `A new object that conflicts is denied`() throws {
    let admission = Self.review { sources in
      var new = pool("c", ["10.0.1.7"])
      new.metadata.creationTimestamp = nil
      sources.put(new, in: \.ipAddressPools)
      return ConfigurationObject(describing: new)
    }
    let denial = try #require(admission.denial)
    #expect(denial.contains("overlaps with already defined CIDR \"10.0.1.0/24\""))
  }

  @Test func `An older object may not push a younger one out`() throws {
    let admission = Self.review { sources in
      let changed = pool("a", ["10.0.0.0/16"], created: 1)
      sources.put(changed, in: \.ipAddressPools)
      return ConfigurationObject(describing: changed)
    }
    let denial = try #require(admission.denial)
    #expect(denial.hasPrefix("IPAddressPool metallb-system/b: "))
  }

  @Test func `What is not there yet is a warning`() {
    let admission = Self.review { sources in
      let new = bgpAdvertisement("x") {
        $0.communities = ["later"]
        $0.ipAddressPools = ["c"]
      }
      sources.put(new, in: \.bgpAdvertisements)
      return ConfigurationObject(describing: new)
    }
    #expect(admission.denial == nil)
    #expect(admission.warnings.count == 1)
    #expect(admission.warnings.first?.contains("\"later\"") == true)
  }

  @Test func `A deletion that breaks nothing is admitted with its warnings`() {
    let admission = Self.review { sources in
      sources.remove(
        NamespacedName(namespace: testNamespace, name: "all"), from: \.l2Advertisements)
      return nil
    }
    #expect(admission.denial == nil)
    #expect(admission.warnings.count == 2)
  }
}
