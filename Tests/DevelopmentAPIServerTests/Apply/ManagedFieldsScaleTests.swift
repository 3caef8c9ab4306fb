import KubernetesAPI
import Testing

@testable import DevelopmentAPIServer

@Suite struct ManagedFieldsScaleTests {
  let replicas: [FieldPathElement] = [.field("spec"), .field("replicas")]
  let time = Timestamp(seconds: 1_800_000_000)

  @Test func `Who scales takes the replicas from the object's owners`() throws {
    let entries: JSONValue = [
      [
        "manager": "one", "operation": "Apply", "apiVersion": "apps/v1",
        "time": .string(time.rfc3339), "fieldsType": "FieldsV1",
        "fieldsV1": ["f:spec": ["f:replicas": [:], "f:paused": [:]]],
      ]
    ]
    let fields = try ManagedFields(decoding: entries)
    var scale = fields.forScale(replicas: replicas)
    #expect(scale.owners.count == 1)
    // The write of the Scale moves the field to an updater.
    scale.owners = [
      .init(
        name: "scaler", operation: .update, subresource: "scale", apiVersion: "autoscaling/v1"):
        .init(apiVersion: "autoscaling/v1", fields: FieldSet(replicas), time: time)
    ]
    let merged = fields.merging(scale: scale, replicas: replicas, apiVersion: "apps/v1")
    #expect(
      merged.encoded == [
        [
          "manager": "one", "operation": "Apply", "apiVersion": "apps/v1",
          "time": .string(time.rfc3339), "fieldsType": "FieldsV1",
          "fieldsV1": ["f:spec": ["f:paused": [:]]],
        ],
        [
          "manager": "scaler", "operation": "Update", "apiVersion": "apps/v1",
          "fieldsType": "FieldsV1", "fieldsV1": ["f:spec": ["f:replicas": [:]]],
          "subresource": "scale",
        ],
      ])
  }

  @Test func `A Scale shows replicas and selector`() {
    let paths = ScalePaths([
      "specReplicasPath": ".spec.count", "statusReplicasPath": ".status.replicas",
      "labelSelectorPath": ".status.selector",
    ])
    let scale = paths.view(of: [
      "metadata": ["name": "g"], "spec": ["count": 4],
      "status": ["replicas": 2, "selector": "app=g"],
    ])
    #expect(scale["spec"] == ["replicas": 4])
    #expect(scale["status"] == ["replicas": 2, "selector": "app=g"])
    let deployment = ScalePaths.workload.view(of: [
      "spec": ["replicas": 1, "selector": ["matchLabels": ["app": "d"]]]
    ])
    #expect(deployment["status"] == ["replicas": 0, "selector": "app=d"])
  }
}
