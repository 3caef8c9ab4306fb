import KubernetesAPI
import OrderedCollections

/// Reads the compact tables in which built-in kinds are written down, one line a field:
///
/// ```
/// Container                                    a struct; `atomic` behind it: owned as a whole
///   name string!                               `!`: always written, even when zero
///   command [string]                           no mark: left out when zero
///   ports [ContainerPort] map(containerPort,protocol) merge(containerPort)
///   securityContext SecurityContext?           `?`: a pointer, zero is kept
///   selector LabelSelector?!                   `?!`: a pointer, null when absent
///   terminationMessagePolicy string =File      `=`: the default
/// Pod object                                   has kind, apiVersion and metadata
/// ```
///
/// Types are `string`, `bool`, `int32`, `int64`, `float`, `quantity`, `time`, `microtime`, `bytes`,
/// `intOrString`, `any`, `[T]`, `{T}` (a map by string) or the name of a struct that stands above.
/// A field may also be `set`, `atomic`, `merge` (scalars) and `retainKeys`.
struct SchemaTable: Sendable {
  struct MalformedTable: Error, Hashable, Sendable {
    var line: String
    var reason: String
  }

  private(set) var structs: [String: ObjectSchema] = [:]

  init() {}

  init(parsing tables: String...) throws(MalformedTable) {
    for table in tables { try read(table) }
  }

  subscript(name: String) -> ObjectSchema? { structs[name] }

  mutating func read(_ table: String) throws(MalformedTable) {
    var name = ""
    var schema = ObjectSchema(type: .object)
    func words(_ line: Substring) -> [String] { line.split(separator: " ").map(String.init) }
    for line in table.split(separator: "\n") where !line.isEmpty {
      do throws(MalformedTable) {
        if line.hasPrefix(" ") {
          var words = words(line)[...]
          guard let field = words.popFirst(), let type = words.popFirst() else {
            throw MalformedTable(line: "", reason: "a field needs a name and a type")
          }
          schema.properties[field] = try self.field(type: type, attributes: words)
        } else {
          if !name.isEmpty { structs[name] = schema }
          let words = words(line)
          name = words[0]
          schema = ObjectSchema(type: .object)
          schema.structName = name
          for attribute in words.dropFirst() {
            switch attribute {
            case "atomic": schema.isAtomicMap = true
            case "object": try addObjectFields(&schema)
            default: throw MalformedTable(line: "", reason: "unknown attribute \(attribute)")
            }
          }
        }
      } catch {
        throw MalformedTable(line: String(line), reason: error.reason)
      }
    }
    if !name.isEmpty { structs[name] = schema }
  }

  private func addObjectFields(_ schema: inout ObjectSchema) throws(MalformedTable) {
    schema.properties["kind"] = try field(type: "string", attributes: [])
    schema.properties["apiVersion"] = try field(type: "string", attributes: [])
    schema.properties["metadata"] = try field(type: "ObjectMeta", attributes: [])
  }

  private func field(
    type: String, attributes: ArraySlice<String>
  ) throws(MalformedTable) -> ObjectSchema {
    var type = Substring(type)
    var presence = ObjectSchema.Presence.omitEmpty
    var isNullable = false
    if type.hasSuffix("?!") {
      presence = .always
      isNullable = true
      type.removeLast(2)
    } else if type.last == "?" {
      presence = .pointer
      type.removeLast()
    } else if type.last == "!" {
      presence = .always
      type.removeLast()
    }
    var schema = try schema(of: type)
    // Go leaves out no struct for being empty.
    if schema.structName != nil, presence == .omitEmpty { presence = .always }
    schema.presence = presence
    schema.isNullable = isNullable
    for attribute in attributes { try add(attribute, to: &schema) }
    return schema
  }

  private func add(_ attribute: String, to schema: inout ObjectSchema) throws(MalformedTable) {
    if attribute.hasPrefix("=") {
      let text = String(attribute.dropFirst())
      schema.defaultValue = (try? JSONValue(parsing: text)) ?? .string(text)
    } else if attribute.hasPrefix("map("), attribute.hasSuffix(")") {
      let keys = attribute.dropFirst(4).dropLast().split(separator: ",").map(String.init)
      schema.listKind = .map(keys: keys)
    } else if attribute.hasPrefix("merge("), attribute.hasSuffix(")") {
      schema.patch.merges = true
      schema.patch.mergeKey = String(attribute.dropFirst(6).dropLast())
    } else {
      switch attribute {
      case "merge": schema.patch.merges = true
      case "retainKeys": schema.patch.retainsKeys = true
      case "set": schema.listKind = .set
      case "atomic": schema.isAtomicMap = true
      default: throw MalformedTable(line: "", reason: "unknown attribute \(attribute)")
      }
    }
  }

  private func schema(of type: Substring) throws(MalformedTable) -> ObjectSchema {
    if type.first == "[", type.last == "]" {
      var list = ObjectSchema(type: .array)
      list.items = Indirect(try schema(of: type.dropFirst().dropLast()))
      return list
    }
    if type.first == "{", type.last == "}" {
      var map = ObjectSchema(type: .object)
      map.additionalProperties = Indirect(try schema(of: type.dropFirst().dropLast()))
      return map
    }
    func scalar(_ type: ObjectSchema.ValueType?, _ format: String? = nil) -> ObjectSchema {
      var schema = ObjectSchema(type: type)
      schema.format = format
      return schema
    }
    switch type {
    case "string": return scalar(.string)
    case "bool": return scalar(.boolean)
    case "int32": return scalar(.integer, "int32")
    case "int64": return scalar(.integer, "int64")
    case "float": return scalar(.number, "double")
    case "time": return scalar(.string, "date-time")
    case "microtime": return scalar(.string, "micro-time")
    case "bytes": return scalar(.string, "byte")
    case "quantity", "intOrString":
      var schema = scalar(nil, String(type) == "quantity" ? "quantity" : "int-or-string")
      schema.isIntOrString = true
      return schema
    case "any": return .any
    default:
      guard let schema = structs[String(type)] else {
        throw MalformedTable(line: "", reason: "unknown type \(type)")
      }
      return schema
    }
  }
}
