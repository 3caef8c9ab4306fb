import KubernetesAPI
import NIOCore

extension ResourceCall {
  func get(_ table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    guard let object = await store.object(table, key) else {
      throw APIError.notFound(kind, attributes.name)
    }
    return try await respond(object)
  }

  /// The objects of one page, all as they were at one version.
  struct Page: Sendable {
    var objects: [StoredObject]
    var resourceVersion: UInt64
    var next: ContinueToken?
    /// How many objects follow; not counted where a selector would have to be applied to them.
    var remaining: Int?
  }

  func list(_ table: ResourceDefinition.StorageKey) async throws -> APIResponse {
    let options = try ListOptions(self)
    let form = try outputForm()
    if strike.isGone, let token = options.continueToken { throw Self.tooOld(token) }
    let page = try await page(of: table, options)
    return try await render(page, form: form)
  }

  func page(
    of table: ResourceDefinition.StorageKey, _ options: ListOptions
  ) async throws -> Page {
    let (all, revision) = try await snapshot(of: table, options)
    var index = 0
    if let last = options.continueToken?.last {
      index = all.partitioningIndex { last < $0.key }
    } else if !options.namespace.isEmpty {
      index = all.partitioningIndex {
        !($0.key < ObjectKey(namespace: options.namespace, name: ""))
      }
    }
    var page = Page(objects: [], resourceVersion: revision)
    func isInRange(_ index: Int) -> Bool {
      index < all.count && (options.namespace.isEmpty || all[index].namespace == options.namespace)
    }
    while isInRange(index) {
      if options.limit > 0, page.objects.count == options.limit, let last = page.objects.last {
        // A full page says where to go on whenever anything follows, even if nothing of it matches.
        page.next = ContinueToken(resourceVersion: revision, last: last.key)
        if options.selection.isEverything {
          page.remaining =
            all[index...].prefix {
              options.namespace.isEmpty || $0.namespace == options.namespace
            }.count
        }
        break
      }
      let object = all[index]
      index += 1
      if options.selection.matches(object) { page.objects.append(object) }
    }
    return page
  }

  /// All objects of the kind at the version that the options ask for.
  private func snapshot(
    of table: ResourceDefinition.StorageKey, _ options: ListOptions
  ) async throws -> ([StoredObject], UInt64) {
    if let token = options.continueToken, let version = token.resourceVersion {
      let past = await store.read { $0[table].objects(at: version) }
      guard let past else { throw Self.tooOld(token) }
      return (past, version)
    }
    if options.match == .exact, let version = options.resourceVersion {
      let (past, revision) = await store.read { ($0[table].objects(at: version), $0.revision) }
      if version > revision {
        throw APIError.tooLargeResourceVersion(asked: version, current: revision)
      }
      guard let past else {
        throw APIError.expired("The resourceVersion for the provided list is too old.")
      }
      return (past, version)
    }
    let (objects, revision) = await store.read { ($0[table].objects, $0.revision) }
    if let version = options.resourceVersion, version > revision {
      throw APIError.tooLargeResourceVersion(asked: version, current: revision)
    }
    return (objects, revision)
  }

  private static func tooOld(_ token: ContinueToken) -> APIError {
    var error = APIError.expired(
      """
      The provided continue parameter is too old to display a consistent list result. You can \
      start a new list without the continue parameter, or use the continue token in this response \
      to retrieve the remainder of the results. Continuing with the provided token results in an \
      inconsistent list - objects that were created, modified, or deleted between the time the \
      first chunk was returned and now may show up in the list.
      """)
    error.status.metadata = ListMeta(
      continue: ContinueToken(resourceVersion: nil, last: token.last).text)
    return error
  }

  func render(_ page: Page, form: OutputForm) async throws -> APIResponse {
    var metadata: JSONObject = ["resourceVersion": .string(String(page.resourceVersion))]
    if let next = page.next {
      metadata["continue"] = .string(next.text)
    } else if definition.isCustom, form.shape == .object {
      metadata["continue"] = ""
    }
    if let remaining = page.remaining {
      metadata["remainingItemCount"] = .integer(Int64(remaining))
    }
    if form == OutputForm(), definition.conversion == nil,
      page.objects.allSatisfy(definition.shows)
    {
      return listBytes(page, metadata: .object(metadata))
    }
    let objects = try await present(page.objects, isFromCache: true)
    switch form.shape {
    case .table:
      return Self.encode(
        try tableAnswer(objects, metadata: .object(metadata)),
        form: form)
    case .partialMetadata:
      let items = objects.map(PartialMetadata.of)
      return Self.encode(
        [
          "kind": "PartialObjectMetadataList", "apiVersion": "meta.k8s.io/v1",
          "metadata": .object(metadata), "items": items.isEmpty ? .null : .array(items),
        ], form: form)
    case .object:
      return Self.encode(
        [
          "kind": .string(definition.listKind), "apiVersion": .string(kind.apiVersion),
          "metadata": .object(metadata), "items": .array(objects.map(listItem)),
        ], form: form)
    }
  }

  /// Items of built-in lists say neither `apiVersion` nor `kind`; custom resources do.
  private func listItem(_ object: JSONValue) -> JSONValue {
    var value = object
    if !definition.isCustom {
      value["kind"] = nil
      value["apiVersion"] = nil
    }
    return value
  }

  /// The JSON of a list without parsing its objects.
  private func listBytes(_ page: Page, metadata: JSONValue) -> APIResponse {
    var bytes: [UInt8] = []
    bytes.reserveCapacity(page.objects.reduce(256) { $0 + $1.body.count + 80 })
    bytes.append(contentsOf: "{\"kind\":\"\(definition.listKind)\",\"apiVersion\":\"".utf8)
    bytes.append(contentsOf: "\(kind.apiVersion)\",\"metadata\":".utf8)
    metadata.write(to: &bytes)
    bytes.append(contentsOf: ",\"items\":[".utf8)
    for (index, object) in page.objects.enumerated() {
      if index > 0 { bytes.append(UInt8(ascii: ",")) }
      if definition.isCustom {
        object.append(kind, to: &bytes)
      } else {
        bytes.append(contentsOf: object.body)
      }
    }
    bytes.append(contentsOf: "]}\n".utf8)
    return APIResponse(status: 200, contentType: "application/json", bytes: bytes)
  }
}

extension Array {
  /// The first index whose element satisfies `predicate`, given that all after it do too.
  func partitioningIndex(where predicate: (Element) -> Bool) -> Int {
    var low = 0
    var high = count
    while low < high {
      let middle = (low + high) / 2
      if predicate(self[middle]) { high = middle } else { low = middle + 1 }
    }
    return low
  }
}
