import Foundation
import IR
import JSONText
import Testing

/// The meaning of operations against values that numpy computed; see Tests/Oracles/ops.py and hadamard.py.
@Suite struct OracleTests {
  @Test func operations() throws {
    let cases = try JSONCursor(Self.json("ops.json")).array()
    #expect(cases.count > 10)
    for item in cases { try check(item) }
  }

  @Test func hadamardTransforms() throws {
    for item in try JSONCursor(Self.json("hadamard.json"))["cases"].array() {
      let (width, block, order) = (try item["width"].int(), try item["block"].int(), try item["order"].int())
      #expect(HadamardShape(width: width) == HadamardShape(block: block, order: order))
      let values = (0..<width).map { "\(Float(($0 * 7) % 11 - 5))" }.joined(separator: ", ")
      let y = try Sample.evaluate(
        """
        %t: i32[1] = tokens()
        $table: f32[1, \(width)] = constant() {source = values[\(values)]}
        %x: f32[\(width)] = embedding(%t, $table)
        %y: f32[\(width)] = hadamard(%x) {block = \(block), order = \(order)}
        """)
      let expected = try item["transformed"].array().map { try Double($0.int()) / Double(block).squareRoot() }
      expectClose(y, expected, "width \(width)")
    }
  }

  @Test func rotatedColumnsAreTransformedRows() throws {
    let nodes = """
      %t: i32[1] = tokens()
      $w: f32[4, 40] = constant() {source = random(3, 1.0)}
      %x: f32[40] = embedding(%t, $w)
      %y: f32[40] = hadamard(%x) {block = 40, order = 20}
      $r: f32[4, 40] = rotate_columns($w) {block = 40, order = 20}
      """
    let values = try Evaluator(try Sample.module(nodes), source: NoTensors()).run(tokens: [0, 1, 2, 3])
    #expect(values[3] == values[4])
  }

  @Test func clipsOfWeights() throws {
    for item in try JSONCursor(Self.json("weight_clips.json")).array() {
      let rows = try item["weights"].array().map { try $0.array().map { Float(try $0.double()) } }
      let list = rows.joined().map(\.description).joined(separator: ", ")
      let clip = try item["clip"].string()
      for (kind, count) in [("row", rows.count), ("tensor", 1)] {
        let scales = try Sample.evaluate(
          stage: "quantized",
          """
          %t: i32[1] = tokens()
          $w: f32[\(rows.count), \(rows[0].count)] = constant() {source = values[\(list)]}
          $r: f32[\(count)] = weight_scale($w) {per = "\(kind)", clip = "\(clip)"}
          """)
        #expect(try scales == item[kind].array().map { Float(try $0.double()) }, "\(clip) of a \(kind)")
      }
    }
  }

  /// The columns of the matrix are the rows of its transpose, and the inverse undoes what the transform did.
  @Test func rotatedRowsAreTransformedColumns() throws {
    let (rows, columns) = (40, 3)
    let matrix = (0..<(rows * columns)).map { Float(($0 * 37) % 23 - 11) }
    let transposed = (0..<columns).flatMap { column in (0..<rows).map { matrix[$0 * columns + column] } }
    let list = { (values: [Float]) in values.map(\.description).joined(separator: ", ") }
    let rotated = try Sample.evaluate(
      "%t: i32[1] = tokens()\n$w: f32[40, 3] = constant() {source = values[\(list(matrix))]}\n"
        + "$r: f32[40, 3] = rotate_rows($w) {block = 40, order = 20}")
    let expected = try Sample.evaluate(
      "%t: i32[1] = tokens()\n$w: f32[3, 40] = constant() {source = values[\(list(transposed))]}\n"
        + "$r: f32[3, 40] = rotate_columns($w) {block = 40, order = 20}")
    for index in rotated.indices {
      #expect(rotated[index] == expected[index % columns * rows + index / columns])
    }
  }

  @Test(arguments: [1, 2, 12, 40, 52, 56, 96]) func inverse(_ width: Int) throws {
    let x = (0..<(2 * width)).map { Float(($0 * 37) % 23 - 11) }
    let shape = HadamardShape(width: width)
    let list = x.map(\.description).joined(separator: ", ")
    let transformed = try Sample.evaluate(
      "%t: i32[1] = tokens()\n$w: f32[2, \(width)] = constant() {source = values[\(list)]}\n"
        + "$r: f32[2, \(width)] = rotate_columns($w) {block = \(shape.block), order = \(shape.order)}")
    expectClose(shape.inverse(transformed), x.map(Double.init), "width \(width)")
  }

  private func check(_ item: JSONCursor) throws {
    let name = try item["name"].string()
    let codes = try item["codes"].array().map { try $0.string() }
    var nodes = "%t: i32[1] = tokens()\n$one: f32[1] = constant() {source = splat(1.0)}\n"
    for (operand, rows) in try item["rows"].members() {
      nodes += try Self.row(operand, rows.array(), isCodes: codes.contains(operand))
    }
    for (operand, constant) in try item["constants"].members() {
      nodes += try Self.constant(operand, constant, isCodes: codes.contains(operand))
    }
    nodes += "%result: \(try item["type"].string()) = \(try item["node"].string())"
    let expected = try item["expected"].array().map { try $0.array().map { try $0.double() } }
    let result = try Sample.evaluate(stage: "quantized", tokens: Array(expected.indices), nodes)
    expectClose(result, expected.flatMap(\.self), name)
  }

  private static func row(_ name: String, _ rows: [JSONCursor], isCodes: Bool) throws -> String {
    let values = try rows.map { try $0.array().map { Float(try $0.double()) } }
    let (count, width) = (values.count, values[0].count)
    let list = values.joined().map(\.description).joined(separator: ", ")
    let row = isCodes ? "\(name).f32" : name
    let table = "$\(name).table: f32[\(count), \(width)] = constant() {source = values[\(list)]}\n"
    let lookup = "%\(row): f32[\(width)] = embedding(%t, $\(name).table)\n"
    return table + lookup + (isCodes ? "%\(name): i8[\(width)]@1.0 = quantize(%\(row))\n" : "")
  }

  private static func constant(_ name: String, _ constant: JSONCursor, isCodes: Bool) throws -> String {
    let shape = try constant["shape"].array().map { String(try $0.int()) }.joined(separator: ", ")
    let list = try constant["values"].array().map { Float(try $0.double()).description }.joined(
      separator: ", ")
    let source = isCodes ? "\(name).f32" : name
    let node = "$\(source): f32[\(shape)] = constant() {source = values[\(list)]}\n"
    return node + (isCodes ? "$\(name): i8[\(shape)] = quantize_weight($\(source), $one)\n" : "")
  }

  private func expectClose(_ found: [Float], _ expected: [Double], _ name: String) {
    #expect(found.count == expected.count, "\(name)")
    for (index, (x, y)) in zip(found, expected).enumerated() {
      let tolerance = 2e-6 * abs(y) + 1e-6
      #expect(abs(Double(x) - y) <= tolerance, "\(name), element \(index): \(x) instead of \(y)")
    }
  }

  private static func json(_ name: String) throws -> JSONValue {
    let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    return try JSONText.parse([UInt8](Data(contentsOf: tests.appending(path: "Oracles/expected/\(name)"))))
  }
}
