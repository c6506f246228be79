import Diagnostics

extension Recipe {
  /// What the recipe asks for that no pass does yet: JSON paths and what stands there.
  var unsupportedParts: [(path: String, value: String)] {
    var parts: [(path: String, value: String)] = []
    if weights.clip != .maximum { parts.append(("weights.clip", weights.clip.description)) }
    if weights.rounding != .nearest { parts.append(("weights.rounding", weights.rounding.rawValue)) }
    for tensorClass in TensorClass.allCases where tensorClass != .u {
      if let clip = clips[tensorClass], clip != .maximum {
        parts.append(("clips.\(tensorClass.rawValue)", clip.description))
      }
    }
    for rule in rules {
      let pattern = rule.tensors.text
      if let rounding = rule.rounding, rounding != .nearest {
        parts.append(("set \(pattern).rounding", rounding.rawValue))
      }
    }
    if rotation.kind == .residual { parts.append(("rotation.kind", "residual")) }
    if let signs = rotation.signs { parts.append(("rotation.signs", "\(signs)")) }
    if let smoothing { parts.append(("smoothing.strength", "\(smoothing.strength)")) }
    if correctsBias { parts.append(("bias_correction", "true")) }
    if headInput == .int16 { parts.append(("head_input", "int16")) }
    if state != .float32 { parts.append(("state", state.rawValue)) }
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
