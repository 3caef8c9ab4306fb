internal import ControllerRuntime
internal import KubernetesAPI
internal import KubernetesClient
internal import Logging
internal import Synchronization

/// What the API server hears of the Pod.
extension PodRuntime {
  func change(
    _ index: Int, _ isInit: Bool, _ body: (inout ContainerReport) -> Void
  ) {
    state.withLock { state in
      if isInit { body(&state.initContainers[index]) } else { body(&state.containers[index]) }
    }
    statusWake.signal()
  }

  func warn(_ reason: String, _ message: String) {
    node.events.record(.warning, reason: reason, message, on: original)
  }

  /// Writes the status whenever it differs from what the API server has.
  func reportStatus() async {
    while !Task.isCancelled {
      await statusWake.wait()
      if Task.isCancelled { return }
      if node.isCut {
        try? await Task.sleep(for: .milliseconds(200))
        statusWake.signal()
        continue
      }
      do {
        try await writeStatus()
      } catch let error as KubernetesError where error.isNotFound {
        continue
      } catch {
        node.logger.debug("status not written", metadata: ["error": "\(error)"])
        try? await Task.sleep(for: .milliseconds(200))
        statusWake.signal()
      }
    }
  }

  private func writeStatus() async throws {
    let (pod, report) = state.withLock { state in
      (
        state.pod,
        PodStatusReport(
          hostIP: node.hostIP, podIP: state.podIP, startTime: state.startTime,
          initContainers: state.initContainers, containers: state.containers,
          restartPolicy: original.spec?.restartPolicy ?? "Always")
      )
    }
    guard let pod else { return }
    let status = report.status(replacing: pod.status, wall: .now)
    guard status != pod.status else { return }
    var body: JSONValue = [:]
    body["status"] = try JSONValue(encoding: status)
    body[path: ["metadata", "uid"]] = .string(uid)
    let written: Pod = try await node.client.patch(
      Pod.self, pod.metadata.name, namespace: pod.metadata.namespace, .merge(body),
      subresource: "status")
    state.withLock { state in
      // The store may have brought a newer one meanwhile; the next round compares with that.
      if state.pod?.metadata.resourceVersion == pod.metadata.resourceVersion {
        state.pod?.status = written.status
      }
    }
  }

  /// Tells the API server that nothing of the Pod is left here.
  func finish() async {
    while !Task.isCancelled {
      guard let pod = state.withLock({ $0.pod }) else { return }
      do {
        while node.isCut { try await Task.sleep(for: .milliseconds(200)) }
        try await node.client.deleteIfPresent(pod, gracePeriodSeconds: 0)
        return
      } catch {
        try? await Task.sleep(for: .milliseconds(200))
      }
    }
  }
}
