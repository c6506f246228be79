import Diagnostics

/// How a Mamba-2 layer divides its inner width, and what its Δ is limited to.
struct HeadLayout {
  /// Heads, which divide the inner width.
  let count: Int
  /// Groups of heads with B and C of their own.
  let groups: Int
  /// The limits of Δ; nil for none.
  let minimum, maximum: Float?

  /// Reads a config as transformers writes it.
  init(transformers config: inout ConfigReader, inner: Int) {
    self.init(
      &config, inner: inner, heads: config.optionalSize("num_heads"), width: "head_dim", groups: "n_groups",
      limits: "time_step_limit", usualGroups: 8)
  }

  /// Settings of `ssm_cfg` that are read, and those that only decide how training begins or how fast it is.
  static let knownSettings: Set<String> = [
    "layer", "d_state", "d_conv", "expand", "headdim", "ngroups", "d_ssm", "D_has_hdim", "rmsnorm",
    "norm_before_gate", "dt_limit", "bias", "conv_bias", "conv_init", "A_init_range", "dt_min", "dt_max",
    "dt_init_floor", "chunk_size", "use_mem_eff_path", "sequence_parallel",
  ]

  /// Reads `ssm_cfg` as the authors' package writes it; what it leaves out has that package's defaults.
  init(original settings: inout ConfigReader, inner: Int) {
    self.init(
      &settings, inner: inner, heads: nil, width: "headdim", groups: "ngroups", limits: "dt_limit",
      usualGroups: 1)
    if let width = settings.optionalSize("d_ssm"), width != inner {
      settings.report(
        "d_ssm", "\(width) of \(inner) channels go through the scan, the others through an MLP",
        hint: "supported: \(inner), which is all", code: .unsupportedModel)
    }
    let variants: [(name: String, supported: Bool, meaning: String)] = [
      ("rmsnorm", true, "false: no norm follows the gate"),
      ("norm_before_gate", false, "true: the norm comes before the gate"),
      ("D_has_hdim", false, "true: D has a value for each channel"),
    ]
    for variant in variants where settings.flag(variant.name, default: variant.supported) != variant.supported
    {
      settings.report(
        variant.name, variant.meaning, hint: "supported: \(variant.supported)", code: .unsupportedModel)
    }
  }

  private init(
    _ config: inout ConfigReader, inner: Int, heads: Int?, width: String, groups groupsName: String,
    limits: String, usualGroups: Int
  ) {
    let headWidth = config.optionalSize(width) ?? 64
    count = heads ?? max(1, inner / headWidth)
    groups = config.optionalSize(groupsName, limit: ModelLimits.groups) ?? usualGroups
    let bounds = config.bounds(limits)
    minimum = bounds.flatMap { $0.low > 0 ? min(Float($0.low), .greatestFiniteMagnitude) : nil }
    maximum = bounds.flatMap { Float($0.high).isFinite ? Float($0.high) : nil }
    if count.multipliedReportingOverflow(by: headWidth) != (inner, false) {
      config.report(width, "\(count) heads of \(headWidth) channels are not \(inner) channels")
    }
    if count % groups != 0 || inner % groups != 0 {
      config.report(groupsName, "\(groups) groups do not divide \(count) heads")
    }
  }
}
