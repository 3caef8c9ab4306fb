import KubernetesAPI

/// One kind that the server serves, and everything in which it differs from other kinds. Built-in
/// kinds are listed in `BuiltInResources`; every served version of a CRD makes another one.
///
/// The machinery (storage, verbs, watch, discovery) knows kinds only through this type.
struct ResourceDefinition: Sendable {
  var kind: ResourceKind
  /// `ConfigMapList`
  var listKind: String
  /// `configmap`
  var singular: String
  var shortNames: [String] = []
  var categories: [String] = []
  var verbs: Set<Verb> = Verb.stored
  var subresources: [Subresource] = []
  /// Spec changes alone bump `metadata.generation`; kinds without it keep none.
  var hasGeneration = false
  /// Objects of all definitions with the same storage are the same objects in other versions.
  /// `nil` for kinds that are answered and never stored (reviews).
  var storage: StorageKey?
  /// Custom resources keep `apiVersion` and `kind` in list items and must name the version that an
  /// update replaces.
  var isCustom = false
  /// Which CRD schema pruned and defaulted what is stored; 0 for built-in kinds. Later ones are
  /// greater.
  var schemaStamp = 0
  /// Prunes and defaults an object that another schema or version of the kind left in the store.
  var bringUpToDate: (@Sendable (inout JSONValue) -> Void)?

  /// Whether an object is stored as it is shown.
  func shows(_ object: StoredObject) -> Bool {
    !isCustom || object.schema >= schemaStamp && object.apiVersion == kind.apiVersion
  }
  /// The CRD is being deleted, so nothing new is created.
  var isTerminating = false
  /// Nodes alone may be created with a status.
  var keepsStatusOnCreate = false
  /// A finished deletion answers with the object instead of a Status.
  var returnsDeletedObject = false
  var selectableFields = SelectableFields()
  /// Listed, always empty, and not to be created: the server does not do what the kind is for.
  var isLeftOut = false
  /// A `Warning` on every answer of a version that is on its way out.
  var deprecationWarning: String?
  var scalePaths = ScalePaths.workload
  /// What objects look like; `nil` takes anything.
  var schema: ObjectSchema?
  /// A CRD's schema as written, for OpenAPI documents.
  var openAPISchema: JSONValue?
  /// Schemas of the kind's other versions, by `apiVersion`.
  var otherVersions: [String: ObjectSchema] = [:]
  var behavior = ResourceBehavior()
  var allocation: (any Allocation)?
  /// `nil`: versions differ in nothing but their name.
  var conversion: (any ObjectConversion)?
  var columns: [TableColumn] = []
  /// The cells of one object, as many as `columns`.
  var cells: @Sendable (_ object: JSONValue, _ now: Timestamp) -> [JSONValue] = { object, now in
    [
      object[path: ["metadata", "name"]] ?? "",
      .string(TableAge.text(object[path: ["metadata", "creationTimestamp"]], now: now)),
    ]
  }

  enum Verb: String, Sendable, Hashable, CaseIterable {
    case create, delete, deletecollection, get, list, patch, update, watch
    static let stored = Set(Verb.allCases)
    static let review: Set<Verb> = [.create]
  }

  /// A path below an object. Its own kind differs from the object's for `scale`, `token`, `eviction`
  /// and `binding`.
  struct Subresource: Sendable, Hashable {
    var name: String
    var kind: String
    /// `nil`: the group and version of the object.
    var group: String?
    var version: String?
    var verbs: Set<Verb> = [.get, .patch, .update]

    static func status(of kind: ResourceKind) -> Subresource {
      Subresource(name: "status", kind: kind.kind)
    }
    static let scale = Subresource(
      name: "scale", kind: "Scale", group: "autoscaling", version: "v1")
  }

  /// Names the store's table: the group and the plural.
  struct StorageKey: Sendable, Hashable, Comparable {
    var group: String
    var plural: String
    static func < (left: StorageKey, right: StorageKey) -> Bool {
      (left.group, left.plural) < (right.group, right.plural)
    }
  }

  init(_ kind: ResourceKind, singular: String? = nil) {
    self.kind = kind
    listKind = kind.kind + "List"
    self.singular = singular ?? kind.kind.lowercased()
    storage = StorageKey(group: kind.group, plural: kind.plural)
  }

  /// How errors name the kind: Events of both groups are validated as core ones.
  var validatedKind: ResourceKind {
    kind.group == "events.k8s.io"
      ? ResourceKind(version: "v1", kind: kind.kind, plural: kind.plural) : kind
  }

  func subresource(_ name: String) -> Subresource? { subresources.first { $0.name == name } }
}

/// What a kind does to its objects on their way into the store. Every member is pure; the default
/// does nothing. Order: `decode`, `setDefaults`, `prepare…`, admission, `validate…`.
struct ResourceBehavior: Sendable {
  /// Brings an object into the form in which the kind writes it, without what the kind does not
  /// declare, and returns the path of each removed member (`spec.replcas`): what becomes of those
  /// depends on `fieldValidation`.
  var decode: @Sendable (_ object: inout JSONValue) throws(DecodingFailure) -> [String] = {
    _ throws(DecodingFailure) in []
  }
  var setDefaults: @Sendable (_ object: inout JSONValue) -> Void = { _ in }
  /// Clears what clients may not set, before the first write.
  var prepareForCreate: @Sendable (_ object: inout JSONValue) -> Void = { _ in }
  /// Keeps what clients may not change by a main-resource update.
  var prepareForUpdate: @Sendable (_ object: inout JSONValue, _ old: JSONValue) -> Void = { _, _ in
  }
  var validateCreate: @Sendable (_ object: JSONValue) -> [FieldError] = { _ in [] }
  var validateUpdate: @Sendable (_ object: JSONValue, _ old: JSONValue) -> [FieldError] = { _, _ in
    []
  }
  var validateStatusUpdate: @Sendable (_ object: JSONValue, _ old: JSONValue) -> [FieldError] = {
    _, _ in []
  }
  /// Brings a valid object into the form in which it is stored, where that is another version's.
  var finish: @Sendable (_ object: inout JSONValue) -> Void = { _ in }
  /// `Warning` headers for a create or an update.
  var warnings: @Sendable (_ object: JSONValue) -> [String] = { _ in [] }
}

/// Why an object cannot be one of its kind at all.
struct DecodingFailure: Error, Hashable, Sendable {
  var message: String
}

/// What a kind takes from the cluster when its objects are stored (cluster IPs, ports) and gives back.
protocol Allocation: Sendable {
  /// Completes `object`, or refuses it. `old` is `nil` for a creation.
  func allocate(
    _ object: inout JSONValue, old: JSONValue?, in state: inout StoreState, isDryRun: Bool
  ) throws(APIError)
  func release(_ object: JSONValue, in state: inout StoreState)
}

/// `metav1.TableColumnDefinition`
struct TableColumn: Sendable, Hashable {
  var name: String
  /// `string`, `integer`, `number`, `boolean` or `date`.
  var type: String
  var format: String = ""
  var description: String = ""
  /// Columns above 0 show in `-o wide` only.
  var priority: Int = 0
}
