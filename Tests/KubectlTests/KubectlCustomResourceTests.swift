import Foundation
import KubernetesAPI
import Testing

/// The same commands on our own kinds.
@Suite(.needsKubectl, .timeLimit(.minutes(3)))
struct KubectlCustomResourceTests {
  private func withPools(_ body: @Sendable (Kubectl) async throws -> Void) async throws {
    try await withKubectl { kubectl in
      try await kubectl(
        "apply", "--server-side", "--force-conflicts", "-f", "-", input: Manifests.crds)
      try await kubectl(
        "wait", "--for=condition=Established", "crd/ipaddresspools.metallb.io",
        "crd/metallbs.metallb.io", "--timeout=60s")
      try await body(kubectl)
    }
  }

  @Test func `pools are applied, shown, described and deleted`() async throws {
    try await withPools { kubectl in
      let pool = Manifests.pool("192.0.2.0/28")
      #expect(
        try await kubectl("apply", "-f", "-", input: pool)
          == "ipaddresspool.metallb.io/production created\n")
      #expect(
        try await kubectl("apply", "-f", "-", input: pool)
          == "ipaddresspool.metallb.io/production unchanged\n")
      let lines = try await kubectl("get", "ipaddresspools").split(separator: "\n")
      #expect(lines.first?.contains("ADDRESSES") == true)
      #expect(lines.last?.contains("192.0.2.0/28") == true)
      let text = try await kubectl("describe", "ipaddresspool", "production")
      #expect(text.contains("192.0.2.0/28"))
      #expect(
        try await kubectl("get", "ipaddresspool", "-o", "jsonpath={.items[0].spec.addresses[0]}")
          == "192.0.2.0/28")
      try await kubectl("delete", "ipaddresspool", "production", "--timeout=60s")
      #expect(
        try await kubectl.failure(of: "get", "ipaddresspool", "production").contains(
          "ipaddresspools.metallb.io \"production\" not found"))
    }
  }

  @Test func `server-side apply keeps owners of a pool's fields apart`() async throws {
    try await withPools { kubectl in
      try await kubectl(
        "apply", "--server-side", "--field-manager=one", "-f", "-",
        input: Manifests.pool("192.0.2.0/28"))
      let refusal = try await kubectl.failure(
        of: "apply", "--server-side", "--field-manager=two", "-f", "-",
        input: Manifests.pool("192.0.2.0/27"))
      #expect(refusal.contains("conflict with \"one\": .spec.addresses"))
      let difference = try await kubectl.run(
        ["diff", "--server-side", "--force-conflicts", "--field-manager=two", "-f", "-"],
        input: Manifests.pool("192.0.2.0/27"))
      #expect(difference.output.contains("192.0.2.0/27"))
      try await kubectl(
        "apply", "--server-side", "--field-manager=two", "--force-conflicts", "-f", "-",
        input: Manifests.pool("192.0.2.0/27"))
    }
  }

  @Test func `pools are patched, labelled, annotated and edited`() async throws {
    try await withPools { kubectl in
      try await kubectl("create", "-f", "-", input: Manifests.pool("192.0.2.0/28"))
      try await kubectl(
        "patch", "ipaddresspool", "production", "--type=merge", "-p",
        #"{"spec":{"autoAssign":false}}"#)
      try await kubectl(
        "patch", "ipaddresspool", "production", "--type=json", "-p",
        #"[{"op":"add","path":"/spec/addresses/-","value":"192.0.2.64/28"}]"#)
      let strategic = try await kubectl.failure(
        of: "patch", "ipaddresspool", "production", "--type=strategic", "-p", "{}")
      #expect(strategic.contains("not supported") || strategic.contains("unable to find"))
      try await kubectl("label", "ipaddresspool", "production", "tier=front")
      try await kubectl("annotate", "ipaddresspool", "production", "note=hello")
      try await kubectl(
        "edit", "ipaddresspool", "production",
        environment: ["EDITOR": "sed -i 's/note: hello/note: bye/'"])
      let pool = try await kubectl.json("get", "ipaddresspool", "production")
      #expect(pool[path: ["spec", "addresses"]] == ["192.0.2.0/28", "192.0.2.64/28"])
      #expect(pool[path: ["spec", "autoAssign"]] == false)
      #expect(pool[path: ["metadata", "annotations", "note"]] == "bye")
    }
  }

  @Test func `the status of a MetalLB is patched, shown and waited for`() async throws {
    try await withPools { kubectl in
      try await kubectl(
        "create", "-f", "-",
        input: "apiVersion: metallb.io/v1beta1\nkind: MetalLB\nmetadata: {name: metallb}\n")
      async let met = kubectl(
        "wait", "--for=condition=Available", "metallb/metallb", "--timeout=60s")
      try await kubectl(
        "patch", "metallb", "metallb", "--subresource=status", "--type=merge", "-p",
        """
        {"status": {"conditions": [{"type": "Available", "status": "True", "reason": "Ready",
          "message": "", "lastTransitionTime": "2026-01-01T00:00:00Z"}]}}
        """)
      #expect(try await met == "metallb.metallb.io/metallb condition met\n")
      #expect(try await kubectl("get", "metallb", "metallb").contains("True"))
    }
  }

  @Test func `what the schema forbids is refused with the field's name`() async throws {
    try await withPools { kubectl in
      let refusal = try await kubectl.failure(
        of: "create", "-f", "-",
        input: Manifests.pool("192.0.2.0/28").replacingOccurrences(
          of: "autoAssign: true", with: "autoAssign: 7"))
      #expect(refusal.contains("spec.autoAssign"))
      let unknown = try await kubectl.failure(
        of: "create", "-f", "-",
        input: Manifests.pool("192.0.2.0/28").replacingOccurrences(
          of: "autoAssign", with: "autoAsign"))
      #expect(unknown.contains("unknown field \"spec.autoAsign\""))
    }
  }

  @Test func `explain knows our fields and what they mean`() async throws {
    try await withPools { kubectl in
      #expect(try await kubectl("explain", "ipaddresspool.spec.addresses").contains("CIDRs"))
      let all = try await kubectl("explain", "metallb.spec", "--recursive")
      #expect(all.contains("bgpBackend") && all.contains("controllerNodeSelector"))
      #expect(
        try await kubectl("explain", "addresspools", "--api-version=metallb.io/v1alpha1").contains(
          "v1alpha1"))
    }
  }

  @Test func `a pool is watched`() async throws {
    try await withPools { kubectl in
      try await kubectl("create", "-f", "-", input: Manifests.pool("192.0.2.0/28"))
      try await kubectl.following("get", "ipaddresspools", "-w") { lines in
        try await lines.first(with: "production", "192.0.2.0/28")
        try await kubectl(
          "apply", "--server-side", "--force-conflicts", "-f", "-",
          input: Manifests.pool("192.0.2.0/27"))
        try await lines.first(with: "production", "192.0.2.0/27")
      }
    }
  }
}
