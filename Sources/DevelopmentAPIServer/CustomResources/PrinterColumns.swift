import KubernetesAPI

/// `additionalPrinterColumns` as columns of a Table.
struct PrinterColumns: Sendable {
  let columns: [TableColumn]
  private let paths: [(path: JSONPath, type: String)]

  /// Without columns of its own a kind shows its age.
  init(_ version: JSONValue) {
    let declared = version.list("additionalPrinterColumns")
    var columns = [
      TableColumn(name: "Name", type: "string", format: "name", description: TableColumn.nameText)
    ]
    var paths: [(JSONPath, String)] = []
    for column in declared {
      let text = column.text("jsonPath")
      guard let path = try? JSONPath(text) else { continue }
      let summary = column.text("description")
      columns.append(
        TableColumn(
          name: column.text("name"), type: column.text("type"), format: column.text("format"),
          description: summary.isEmpty
            ? "Custom resource definition column (in JSONPath format): \(text)" : summary,
          priority: Int(column.integer("priority") ?? 0)))
      paths.append((path, column.text("type")))
    }
    if declared.isEmpty, let age = try? JSONPath(".metadata.creationTimestamp") {
      columns.append(
        TableColumn(name: "Age", type: "date", description: TableColumn.createdText))
      paths.append((age, "date"))
    }
    self.columns = columns
    self.paths = paths
  }

  func cells(of object: JSONValue, now: Timestamp) -> [JSONValue] {
    [object[path: ["metadata", "name"]] ?? ""]
      + paths.map { path, type in Self.cell(path.values(in: object), type, now) }
  }

  /// Missing values and values of another type are null.
  private static func cell(_ values: [JSONValue], _ type: String, _ now: Timestamp) -> JSONValue {
    guard let first = values.first else { return .null }
    switch (type, first) {
    case ("integer", .integer), ("boolean", .bool), ("number", .integer), ("number", .double):
      return first
    case ("integer", .double(let number)): return .integer(Int64(number))
    case ("date", .string): return .string(TableAge.text(first, now: now))
    case ("string", .null): return .null
    case ("string", _):
      let texts = values.map { $0.stringValue ?? GoText.json($0) }
      return .string(texts.joined(separator: ","))
    default: return .null
    }
  }
}
