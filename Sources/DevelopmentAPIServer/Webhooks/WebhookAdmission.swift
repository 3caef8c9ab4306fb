import KubernetesAPI

/// Asks the webhooks that are in force about one operation.
struct WebhookAdmission: Sendable {
  let call: ResourceCall
  let webhooks: AdmissionWebhooks

  private var client: WebhookClient { call.handler.webhooks }

  /// Lets mutating webhooks change the object, one after the other. Those that asked for it are
  /// called once more when one after them changed something.
  func mutate(_ operation: AdmissionOperation, warnings: inout [String]) async throws -> JSONValue?
  {
    var operation = operation
    var reinvoked: [AdmissionWebhook] = []
    for webhook in webhooks.mutating {
      let before = operation.object
      guard try await ask(webhook, &operation, &warnings) else { continue }
      if operation.object != before {
        for earlier in webhooks.mutating.prefix(while: { $0.name != webhook.name })
        where earlier.isReinvoked && !reinvoked.contains(where: { $0.name == earlier.name }) {
          reinvoked.append(earlier)
        }
      }
    }
    for webhook in reinvoked { _ = try await ask(webhook, &operation, &warnings) }
    return operation.object
  }

  /// Lets validating webhooks refuse, all at the same time; the first refusal in their order counts.
  func validate(_ operation: AdmissionOperation, warnings: inout [String]) async throws {
    guard !webhooks.validating.isEmpty else { return }
    let answers = await withTaskGroup(
      of: (Int, Result<[String], any Error>).self
    ) { group in
      for (index, webhook) in webhooks.validating.enumerated() {
        group.addTask {
          var operation = operation
          var warnings: [String] = []
          do {
            _ = try await ask(webhook, &operation, &warnings)
            return (index, .success(warnings))
          } catch {
            return (index, .failure(error))
          }
        }
      }
      return await group.reduce(into: [Int: Result<[String], any Error>]()) { $0[$1.0] = $1.1 }
    }
    for index in webhooks.validating.indices {
      if let answer = answers[index] { warnings += try answer.get() }
    }
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
    if operation.isDryRun, !webhook.supportsDryRun {
      throw APIError.badRequest("admission webhook \"\(webhook.name)\" does not support dry run")
    }
    do {
      let seen = try await converted(operation, to: target)
      guard try meetsConditions(webhook, seen, target) else { return false }
      let verdict = try await verdict(webhook, seen, target)
      guard verdict.isAllowed else { throw AdmissionReview.refusal(webhook.name, verdict) }
      warnings += verdict.warnings
      if let patch = verdict.patch, let object = seen.object {
        operation.object = try await patched(object, patch, target, webhook)
      }
      return true
    } catch let failure as WebhookFailure {
      guard webhook.failsClosed else { return true }
      throw APIError.internalError(
        "failed calling webhook \"\(webhook.name)\": \(failure.description)")
    }
  }

  private func verdict(
    _ webhook: AdmissionWebhook, _ operation: AdmissionOperation, _ target: ResourceDefinition
  ) async throws(WebhookFailure) -> AdmissionReview.Verdict {
    let uid = Names.uid()
    let name = call.attributes.verb == "deletecollection" ? "" : self.name(of: operation)
    let review = AdmissionReview.request(
      uid: uid, operation, target: target, requested: call.definition, name: name,
      namespace: call.kind == BuiltInResources.namespaceKind ? name : call.key.namespace,
      user: call.user)
    let answer: JSONValue
    do {
      answer = try await client.post(
        review, to: webhook.endpoint, timeoutSeconds: webhook.timeoutSeconds)
    } catch {
      throw WebhookFailure("failed to call webhook: \(error.description)")
    }
    return try AdmissionReview.verdict(answer, uid: uid, purpose: webhook.purpose)
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

  /// What a condition may spend.
  private static let conditionBudget = 2_500_000

  private func meetsConditions(
    _ webhook: AdmissionWebhook, _ operation: AdmissionOperation, _ target: ResourceDefinition
  ) throws(WebhookFailure) -> Bool {
    guard !webhook.conditions.isEmpty else { return true }
    let review = AdmissionReview.request(
      uid: "", operation, target: target, requested: call.definition, name: name(of: operation),
      namespace: call.key.namespace, user: call.user)
    let variables: [String: CELValue] = [
      "object": CELValue(operation.object ?? .null, .any),
      "oldObject": CELValue(operation.old ?? .null, .any),
      "request": CELValue(review["request"] ?? .null, .any),
    ]
    var failure: WebhookFailure?
    for condition in webhook.conditions {
      guard let expression = condition.expression else { continue }
      var evaluator = CELEvaluator(variables: variables, budget: Self.conditionBudget)
      do throws(CELFailure) {
        // One that does not hold decides, even if another cannot be evaluated.
        if try evaluator.evaluate(expression) == .bool(false) { return false }
      } catch {
        failure = WebhookFailure(
          "matchCondition \"\(condition.name)\" could not be evaluated: \(error.message)")
      }
    }
    if let failure { throw failure }
    return true
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
      return try await conversion.convert([object], to: kind.apiVersion, by: client).first
    }
    var renamed = object
    renamed["apiVersion"] = .string(kind.apiVersion)
    return renamed
  }

  /// The object with a webhook's patch, decoded like a request's.
  private func patched(
    _ object: JSONValue, _ patch: JSONValue, _ target: ResourceDefinition,
    _ webhook: AdmissionWebhook
  ) async throws -> JSONValue {
    var changed: JSONValue
    do throws(JSONPatch.Failure) {
      changed = try JSONPatch(patch).apply(to: object)
    } catch {
      throw APIError.internalError("\(error)")
    }
    do throws(DecodingFailure) {
      _ = try target.behavior.decode(&changed)
    } catch {
      throw APIError.internalError(error.message)
    }
    target.behavior.setDefaults(&changed)
    return try await convert(changed, to: call.kind) ?? changed
  }
}
