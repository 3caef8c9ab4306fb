package import LegacyConfiguration
package import MetalLBAPI
import KubernetesAPI

/// The ConfigMap `config`, which tells controller and speakers about AddressPools.
package enum LegacyConfigMap {
  /// Tells a ConfigMap that the operator renders from one that a user writes. Without it the ConfigMap
  /// is the user's.
  package static let renderedByLabel = LegacyDocument.renderedByLabel
  package static let renderedBy = LegacyDocument.renderedByOperator

  /// With the value `true` on a user's ConfigMap it lets the operator take it over.
  package static let adoptAnnotation = "metallb.io/adopt"

  /// Goes with the MetalLB object, and comes back with it as long as there are pools.
  package static func render(
    _ document: LegacyDocument, for metalLB: MetalLB, namespace: String
  ) throws -> RenderedObject {
    let configMap = ConfigMap(
      metadata: ObjectMeta(
        name: LegacyDocument.configMapName, namespace: namespace,
        labels: [renderedByLabel: renderedBy, Inventory.label: namespace],
        ownerReferences: [
          metalLB.ownerReference(controller: true, blockOwnerDeletion: true)
        ]),
      data: [LegacyDocument.dataKey: try document.yamlText()])
    return try RenderedObject(configMap)
  }
}
