import KubernetesAPI

/// Asks the webhooks that are in force about one operation.
struct WebhookAdmission: Sendable {
  let call: ResourceCall
  let webhooks: AdmissionWebhooks

  /// Lets mutating webhooks change the object, one after the other.
  ///
  /// Those that were asked, and want that, are asked once more when one after them changed the object;
  /// what they change then makes nobody be asked again.
  func mutate(_ operation: AdmissionOperation, warnings: inout [String]) async throws -> JSONValue?
  {
    var operation = operation
    var asked: [AdmissionWebhook] = []
    var again: [AdmissionWebhook] = []
    for webhook in webhooks.mutating {
      let before = operation.object
      guard try await ask(webhook, &operation, &warnings) else { continue }
      if operation.object != before {
        again += asked
        asked = []
      }
      if webhook.isReinvoked { asked.append(webhook) }
    }
    for webhook in again { _ = try await ask(webhook, &operation, &warnings) }
    return operation.object
  }

  /// Lets validating webhooks refuse, all at the same time; the first refusal in their order counts.
  /// All of them may warn.
  func validate(_ operation: AdmissionOperation, warnings: inout [String]) async throws {
    guard !webhooks.validating.isEmpty else { return }
    typealias Answer = (index: Int, warnings: [String], refusal: (any Error)?)
    let answers = await withTaskGroup(of: Answer.self) { group in
      for (index, webhook) in webhooks.validating.enumerated() {
        group.addTask {
          var operation = operation
          var warnings: [String] = []
          do {
            _ = try await ask(webhook, &operation, &warnings)
            return (index, warnings, nil)
          } catch {
            return (index, warnings, error)
          }
        }
      }
      return await group.reduce(into: [Answer]()) { $0.append($1) }
    }
    let ordered = answers.sorted { $0.index < $1.index }
    for answer in ordered { warnings += answer.warnings }
    for answer in ordered { if let refusal = answer.refusal { throw refusal } }
  }

  /// Asks one webhook if it wants to be asked; returns whether it did.
  private func ask(
    _ webhook: AdmissionWebhook, _ operation: inout AdmissionOperation, _ warnings: inout [String]
  ) async throws -> Bool {
    guard
      let target = webhook.match(
        operation.name, call.definition, subresource: operation.subresource,
        registry: call.registry),
      matchesObject(webhook, operation), await matchesNamespace(webhook, operation)
    else { return false }
    let seen = try await converted(operation, to: target)
    guard try meetsConditions(webhook, seen, target) else { return false }
    if operation.isDryRun, !webhook.supportsDryRun {
      throw APIError.badRequest("admission webhook \"\(webhook.name)\" does not support dry run")
    }
    let verdict: AdmissionReview.Verdict
    do {
      verdict = try await self.verdict(webhook, seen, target)
    } catch {
      guard webhook.failsClosed else { return true }
      throw APIError.internalError(
        "failed calling webhook \"\(webhook.name)\": \(error.description)")
    }
    warnings += verdict.warnings
    guard verdict.isAllowed else { throw AdmissionReview.refusal(webhook.name, verdict) }
    if let patch = verdict.patch, patch.arrayValue?.isEmpty != true {
      guard let object = seen.object else {
        throw APIError.internalError(
          "admission webhook \"\(webhook.name)\" attempted to modify the object, which is not "
            + "supported for this operation")
      }
      operation.object = try await patched(object, patch, target)
    }
    return true
  }

  private func verdict(
    _ webhook: AdmissionWebhook, _ operation: AdmissionOperation, _ target: ResourceDefinition
  ) async throws(WebhookFailure) -> AdmissionReview.Verdict {
    let uid = Names.uid()
    let review = review(operation, target, version: webhook.reviewVersion, uid: uid)
    let answer: JSONValue
    do {
      answer = try await call.webhooks.post(
        review, to: webhook.endpoint, timeoutSeconds: webhook.timeoutSeconds)
    } catch {
      throw WebhookFailure("failed to call webhook: \(error.description)")
    }
    return try AdmissionReview.verdict(
      answer, version: webhook.reviewVersion, uid: uid, purpose: webhook.purpose)
  }

  private func review(
    _ operation: AdmissionOperation, _ target: ResourceDefinition, version: String, uid: String
  ) -> JSONValue {
    // The deletion of a collection names no object.
    let name = call.attributes.verb == "deletecollection" ? "" : self.name(of: operation)
    return AdmissionReview.request(
      version: version, uid: uid, operation, target: target, requested: call.definition,
      name: name,
      namespace: call.kind == BuiltInResources.namespaceKind ? name : call.key.namespace,
      user: call.user)
  }

  private func name(of operation: AdmissionOperation) -> String {
    if !call.attributes.name.isEmpty { return call.attributes.name }
    return operation.object?.objectName ?? operation.old?.objectName ?? ""
  }

  // MARK: Does it want to know?

  private func matchesObject(_ webhook: AdmissionWebhook, _ operation: AdmissionOperation) -> Bool {
    guard !webhook.objectSelector.isEmpty else { return true }
    // Either form of the object will do.
    return [operation.object, operation.old].contains { object in
      object.map { webhook.objectSelector.matches(object: $0) } ?? false
    }
  }

  private func matchesNamespace(
    _ webhook: AdmissionWebhook, _ operation: AdmissionOperation
  ) async -> Bool {
    guard !webhook.namespaceSelector.isEmpty else { return true }
    if call.kind == BuiltInResources.namespaceKind {
      return [operation.object, operation.old].compactMap { $0 }.first
        .map { webhook.namespaceSelector.matches(object: $0) } ?? true
    }
    guard call.kind.isNamespaced else { return true }
    let key = ObjectKey(name: call.key.namespace)
    let labels = await call.store.object(BuiltInResources.namespaces, key)?.labels ?? [:]
    return webhook.namespaceSelector.requirements.allSatisfy { $0.matches(labels[$0.key]) }
  }

  /// What the conditions of a webhook may spend together.
  private static let conditionBudget = 2_500_000

  /// One condition that does not hold decides, even where another cannot be evaluated; else a failure
  /// leads where the failure policy says.
  private func meetsConditions(
    _ webhook: AdmissionWebhook, _ operation: AdmissionOperation, _ target: ResourceDefinition
  ) throws(APIError) -> Bool {
    guard !webhook.conditions.isEmpty else { return true }
    let review = review(operation, target, version: "v1", uid: "")
    let variables: [String: CELValue] = [
      "object": CELValue(operation.object ?? .null, .any),
      "oldObject": CELValue(operation.old ?? .null, .any),
      "request": CELValue(review["request"] ?? .null, .any),
    ]
    var failures: [String] = []
    var budget = Self.conditionBudget
    for condition in webhook.conditions {
      // What does not parse was refused with the configuration.
      guard let expression = condition.expression else { continue }
      var evaluator = CELEvaluator(variables: variables, budget: budget)
      do throws(CELFailure) {
        let value = try evaluator.evaluate(expression)
        if value == .bool(false) { return false }
        if value != .bool(true) {
          failures.append("expression '\(condition.source)' resulted in error: no boolean")
        }
      } catch {
        failures.append("expression '\(condition.source)' resulted in error: \(error.message)")
      }
      budget = evaluator.budget
    }
    if failures.isEmpty { return true }
    guard webhook.failsClosed else { return false }
    let list = failures.count == 1 ? failures[0] : "[\(failures.joined(separator: ", "))]"
    throw .forbidden(call.kind, name(of: operation), list)
  }

  // MARK: Versions

  private func converted(
    _ operation: AdmissionOperation, to target: ResourceDefinition
  ) async throws -> AdmissionOperation {
    guard target.kind != call.kind, operation.kind == call.kind else { return operation }
    var seen = operation
    seen.object = try await convert(operation.object, to: target.kind)
    seen.old = try await convert(operation.old, to: target.kind)
    return seen
  }

  private func convert(_ object: JSONValue?, to kind: ResourceKind) async throws -> JSONValue? {
    guard let object, object.text("apiVersion") != kind.apiVersion else { return object }
    let conversion = call.registry.definitions.first {
      $0.storage == call.definition.storage && $0.conversion != nil
    }?.conversion
    if let conversion {
      return try await conversion.convert([object], to: kind.apiVersion, by: call.webhooks).first
    }
    var renamed = object
    renamed["apiVersion"] = .string(kind.apiVersion)
    return renamed
  }

  /// The object with a webhook's patch, decoded like a request's. A patch that does not apply is a
  /// failure of the request whatever the failure policy says.
  private func patched(
    _ object: JSONValue, _ patch: JSONValue, _ target: ResourceDefinition
  ) async throws -> JSONValue {
    var changed: JSONValue
    do throws(JSONPatch.Failure) {
      changed = try JSONPatch(patch).apply(to: object)
    } catch {
      throw APIError.internalError(error.description)
    }
    // A Scale, say, is not the kind that the request is for.
    guard target.kind.kind == changed.text("kind") else { return changed }
    do throws(DecodingFailure) {
      _ = try target.behavior.decode(&changed)
    } catch {
      throw APIError.internalError(error.message)
    }
    target.behavior.setDefaults(&changed)
    return try await convert(changed, to: call.kind) ?? changed
  }
}
