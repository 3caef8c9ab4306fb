package import KubernetesAPI

/// The numbers by which `kubectl rollout history` and `undo` know the generations of a Deployment.
package enum RolloutRevision {
  package static let annotation = "deployment.kubernetes.io/revision"
  /// Why a generation was made, in its author's words; copied from the Deployment.
  package static let cause = "kubernetes.io/change-cause"

  /// The number of the generation that has the Deployment's present template: its own while that is the highest,
  /// else the next one; so a generation that comes back gets a new number.
  package static func number(of current: ReplicaSet, among all: [ReplicaSet]) -> Int {
    let others = all.filter { $0.metadata.name != current.metadata.name }.map(number)
    let own = number(of: current)
    let highest = others.max() ?? 0
    return own > highest ? own : highest + 1
  }

  /// 0 where there is none.
  private static func number(of replicaSet: ReplicaSet) -> Int {
    replicaSet.metadata.annotations[annotation].flatMap { Int($0) } ?? 0
  }
}
