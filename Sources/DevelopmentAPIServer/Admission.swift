import KubernetesAPI

/// The admission chain: what the server and webhooks add to or refuse in objects beyond their kind's
/// rules. Mutation comes before validation by the kind's rules, validating webhooks come last.
extension ResourceCall {
  // MARK: Create

  func admitCreate(
    _ object: inout JSONValue, options: WriteOptions, warnings: inout [String]
  ) async throws {
    if kind.isNamespaced, definition.storage != nil {
      let key = ObjectKey(namespace: key.namespace, name: object.objectName)
      try await store.read { state in
        Result { () throws(APIError) in try checkNamespaceIsActive(key, state) }
      }.get()
    }
    try await checkEscalation(object, old: nil)
    if definition.storage == BuiltInResources.pods {
      try await PodAdmission(store: store).admit(&object, namespace: key.namespace)
    }
    guard let admission = await webhookAdmission() else { return }
    let operation = AdmissionOperation(
      name: "CREATE", object: object, options: optionsJSON("CreateOptions"),
      isDryRun: options.isDryRun, kind: kind)
    if let changed = try await admission.mutate(operation, warnings: &warnings) { object = changed }
  }

  func reviewCreate(
    _ object: JSONValue, options: WriteOptions, warnings: inout [String]
  ) async throws {
    guard let admission = await webhookAdmission() else { return }
    let operation = AdmissionOperation(
      name: "CREATE", object: object, options: optionsJSON("CreateOptions"),
      isDryRun: options.isDryRun, kind: kind)
    try await admission.validate(operation, warnings: &warnings)
  }

  // MARK: Update

  func admitUpdate(
    _ object: inout JSONValue, old: JSONValue, part: Part, options: WriteOptions,
    warnings: inout [String]
  ) async throws {
    try await checkEscalation(object, old: old)
    guard part != .whole("binding"), let admission = await webhookAdmission() else { return }
    let operation = update(object, old: old, part: part, options)
    let changed = try await admission.mutate(operation, warnings: &warnings)
    // A webhook sees a Scale where one was sent, and has no say over the object behind it.
    if let changed, part != .scale { object = changed }
  }

  func reviewUpdate(
    _ object: JSONValue, old: JSONValue, part: Part, options: WriteOptions,
    warnings: inout [String]
  ) async throws {
    guard part != .whole("binding"), let admission = await webhookAdmission() else { return }
    try await admission.validate(
      update(object, old: old, part: part, options), warnings: &warnings)
  }

  private func update(
    _ object: JSONValue, old: JSONValue, part: Part, _ options: WriteOptions
  ) -> AdmissionOperation {
    var operation = AdmissionOperation(
      name: "UPDATE", subresource: part.subresource, object: object, old: old,
      options: optionsJSON("UpdateOptions"), isDryRun: options.isDryRun, kind: kind)
    if part == .scale {
      operation.object = definition.scalePaths.view(of: object)
      operation.old = definition.scalePaths.view(of: old)
      operation.kind = Self.scaleKind
    }
    return operation
  }

  // MARK: Subresources

  /// What is posted to a subresource (`Binding`, `Eviction`, `TokenRequest`) is reviewed as the
  /// creation of that, whatever becomes of the object behind it.
  func admitCreate(
    _ object: JSONValue, subresource: String, kind: ResourceKind, isDryRun: Bool,
    warnings: inout [String]
  ) async throws -> JSONValue {
    guard let admission = await webhookAdmission() else { return object }
    var operation = AdmissionOperation(
      name: "CREATE", subresource: subresource, object: object,
      options: optionsJSON("CreateOptions"), isDryRun: isDryRun, kind: kind)
    operation.object = try await admission.mutate(operation, warnings: &warnings)
    try await admission.validate(operation, warnings: &warnings)
    return operation.object ?? object
  }

  // MARK: Delete

  func admitDelete(
    _ object: JSONValue, options: DeleteOptions, warnings: inout [String]
  ) async throws {
    guard let admission = await webhookAdmission() else { return }
    let operation = AdmissionOperation(
      name: "DELETE", old: object, options: options.json, isDryRun: options.isDryRun, kind: kind)
    _ = try await admission.mutate(operation, warnings: &warnings)
    try await admission.validate(operation, warnings: &warnings)
  }

  // MARK: Webhooks

  /// `nil` where no webhook can have a say: there are none, or the object configures them.
  private func webhookAdmission() async -> WebhookAdmission? {
    guard definition.storage != AdmissionWebhooks.mutatingTable,
      definition.storage != AdmissionWebhooks.validatingTable
    else { return nil }
    let webhooks = await store.admissionWebhooks()
    if webhooks.mutating.isEmpty, webhooks.validating.isEmpty { return nil }
    return WebhookAdmission(call: self, webhooks: webhooks)
  }

  /// The options of the request as an object.
  private func optionsJSON(_ name: String) -> JSONValue {
    var options: JSONObject = ["kind": .string(name), "apiVersion": "meta.k8s.io/v1"]
    let dryRun = request.query.all("dryRun").filter { !$0.isEmpty }
    if !dryRun.isEmpty { options["dryRun"] = .strings(dryRun) }
    for field in ["fieldManager", "fieldValidation"] {
      if let value = request.query[field], !value.isEmpty { options[field] = .string(value) }
    }
    return .object(options)
  }
}
