import IR

/// Modules and texts that the tests share.
enum Sample {
  /// The text form around nodes that are given without origin and pass; the last row is the result.
  static func text(stage: String = "imported", _ nodes: String) -> String {
    let lines = nodes.split(separator: "\n").map(String.init)
    let result = lines.last { $0.hasPrefix("%") }.flatMap { $0.split(separator: ":").first } ?? "%none"
    let body = lines.map { "\($0) at \"here\" by test\n" }.joined()
    return "quamba-ir 1\narchitecture \"mamba\"\nlayers 1\nstage \(stage)\n\n\(body)return \(result)\n"
  }

  /// A module of such a text.
  static func module(stage: String = "imported", _ nodes: String) throws -> Module {
    try Module(parsing: text(stage: stage, nodes))
  }

  /// What the evaluator gives for the last node of such a text.
  static func evaluate(stage: String = "imported", tokens: [Int] = [0], _ nodes: String) throws -> [Float] {
    let values = try Evaluator(try module(stage: stage, nodes), source: NoTensors()).run(tokens: tokens)
    return values.last ?? []
  }

  /// A table of 4 rows of `width` numbers as the first row value, `%x`.
  static func rows(_ width: Int) -> String {
    """
    %t: i32[1] = tokens()
    $table: f32[4, \(width)] = constant() {source = random(7, 1.0)}
    %x: f32[\(width)] = embedding(%t, $table)

    """
  }
}
