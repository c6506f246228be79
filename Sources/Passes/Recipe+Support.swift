import Diagnostics

extension Recipe {
  /// What the recipe asks for that no pass does yet: JSON paths and what stands there.
  var unsupportedParts: [(path: String, value: String)] {
    var parts: [(path: String, value: String)] = []
    for rule in rules {
      let pattern = rule.tensors.text
      if let rounding = rule.rounding, rounding != .nearest {
        parts.append(("set \(pattern).rounding", rounding.rawValue))
      }
    }
    return parts
  }

  /// Refuses what no pass does yet.
  func requireSupport() throws(DiagnosticFailure) {
    let findings = unsupportedParts.map { part in
      Diagnostic(
        .unsupportedRecipe, "\(part.path) = \(part.value) is not supported yet", at: .node("recipe \(name)"))
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
  }
}
