/// Rows of text in columns, two spaces apart, as kubectl prints them.
package struct TextTable: Sendable {
  private var rows: [[String]]

  package init(header: [String]) { rows = [header] }

  package mutating func add(_ row: [String]) { rows.append(row) }

  /// Every row ends with a line break and without spaces.
  package var text: String {
    let columns = rows.map(\.count).max() ?? 0
    let widths = (0..<columns).map { column in
      rows.map { column < $0.count ? $0[column].count : 0 }.max() ?? 0
    }
    return rows.map { row in
      let cells = row.enumerated().map { index, cell in
        cell + String(repeating: " ", count: widths[index] - cell.count)
      }
      var line = cells.joined(separator: "  ")
      while line.last == " " { line.removeLast() }
      return line + "\n"
    }.joined()
  }
}
