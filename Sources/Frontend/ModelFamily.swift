import Diagnostics
import Glibc

/// The kinds of model directories that can be imported.
enum ModelFamily {
  /// Mamba as transformers writes it.
  case mamba
  /// Falcon-Mamba as transformers writes it.
  case falconMamba
  /// Mamba-2 as transformers writes it.
  case mamba2
  /// Jamba as transformers writes it.
  case jamba
  /// Mamba and Mamba-2 as the authors' own package writes them.
  case original

  /// What is supported, for hints.
  static let supported =
    "supported: model_type \"mamba\", \"mamba2\", \"falcon_mamba\" and \"jamba\", and the original state-spaces layout (d_model, n_layer, ssm_cfg)"

  /// Recognizes the family by the config.
  /// - Throws: `DiagnosticFailure` that says what was seen and what is supported.
  init(_ config: inout ConfigReader) throws(DiagnosticFailure) {
    Self.refuseVariants(&config)
    let type = config.string("model_type")
    let isOriginal =
      config.contains("d_model") && config.contains("n_layer") && !config.contains("hidden_size")
    switch type {
    case nil where isOriginal, "mamba" where isOriginal, "mamba2" where isOriginal: self = .original
    case "mamba": self = .mamba
    case "mamba2": self = .mamba2
    case "falcon_mamba": self = .falconMamba
    case "jamba": self = .jamba
    default:
      self = .mamba
      let message = type.map { "'\($0)' is not supported" } ?? "the field is missing"
      config.report("model_type", message, hint: Self.supported, code: .unsupportedModel)
    }
    if !config.findings.isEmpty { throw DiagnosticFailure(config.findings) }
  }

  /// Refuses what other fields say that no family knows.
  private static func refuseVariants(_ config: inout ConfigReader) {
    for name in ["quantization_config", "compression_config"] where config.contains(name) {
      let method = config.nested(name) { $0.string("quant_method") }
      config.report(
        name, "the checkpoint is quantized already" + (method.map { ", by '\($0)'" } ?? ""),
        hint: floatsHint, code: .unsupportedModel)
    }
    for name in ["bidirectional", "if_bidirectional"] where config.flag(name, default: false) {
      config.report(
        name, "the model reads text in both directions", hint: directionHint, code: .unsupportedModel)
    }
    if let type = config.string("bimamba_type"), type != "none" {
      config.report(
        "bimamba_type", "'\(type)': the model reads in both directions", hint: directionHint,
        code: .unsupportedModel)
    }
  }

  private static let floatsHint = "give the original checkpoint in float32, float16 or bfloat16"
  private static let directionHint = "only models that read from left to right are supported"

  /// Variants that no family knows, and parts that only names of their tensors have.
  private static let marks: [(variant: String, parts: [String], hint: String)] = [
    ("quantized", [".qweight", ".SCB", ".absmax", ".weight_scale"], floatsHint),
    ("bidirectional", [".A_b_log", ".mamba_rev."], directionHint),
    ("Mamba-3", [".B_bias", ".C_bias"], supported),
    ("RWKV", [".time_mix", ".time_maa", ".time_decay"], supported),
  ]

  /// Refuses a checkpoint with tensors of a variant that no family knows.
  /// - Throws: `DiagnosticFailure` with the first tensor of each variant.
  static func refuseVariants(_ checkpoint: Checkpoint) throws(DiagnosticFailure) {
    var findings: [Diagnostic] = []
    var seen: Set<String> = []
    for name in checkpoint.names {
      guard let mark = marks.first(where: { $0.parts.contains { strstr(name, $0) != nil } }),
        seen.insert(mark.variant).inserted
      else { continue }
      findings.append(
        Diagnostic(
          .unsupportedModel, "this is a tensor of a \(mark.variant) model",
          at: .tensor(name, file: checkpoint.entry(name)?.file), hint: mark.hint))
    }
    if !findings.isEmpty { throw DiagnosticFailure(findings) }
  }
}
