import IR
import PlanFormat

extension LoweredPlan {
  /// For each constant of the draft, the checkpoint's tensor that it is made of first; nil where it is made of none.
  /// - Complexity: O(nodes).
  public var sources: [String?] {
    var found: [ValueID: String?] = [:]
    return definitions.map { source(of: $0, &found) }
  }

  private func source(of definition: ConstantDefinition, _ found: inout [ValueID: String?]) -> String? {
    switch definition {
    case .literal: nil
    case .value(let id, _), .source(let id), .codePanels(let id), .floatPanels(let id), .codeRows(let id),
      .inverse(let id, _), .quotient(let id, _):
      source(of: id, &found)
    case .bias(let product): source(of: module[product].operands[3], &found)
    case .correction(let panels), .factors(let panels): source(of: definitions[Int(panels.rawValue)], &found)
    }
  }

  /// The first tensor among what a constant is computed from, depth first.
  private func source(of id: ValueID, _ found: inout [ValueID: String?]) -> String? {
    if let known = found[id] { return known }
    var name: String?
    if case .source(.tensor(let tensor))? = module[id].attributes["source"] { name = tensor }
    for operand in module[id].operands where name == nil { name = source(of: operand, &found) }
    found[id] = name
    return name
  }
}
