import JSONText
import Passes

extension Recipe {
  /// The effective recipe as a plan stores it and `inspect --json` shows it.
  var json: JSONValue {
    .object([
      ("name", .string(name)),
      ("weights", .string(weights.word)),
      ("convolution", .string(convolution == .none ? "float32" : "int8")),
      ("scan_inputs", .string(scanInputs == .none ? "float32" : scanInputs.rawValue)),
      ("clip", clip.json),
      ("norm_gains", .string(foldsNormGains ? "folded" : "kept")),
      ("rotation", .string(rotatesScanOutput ? "local" : "none")),
      ("embedding", .string(embedding == .none ? "source" : "int8")),
      ("head_input", .string(!isQuantized || !quantizesHeadInput ? "float32" : "int8")),
      ("state", "float32"),
    ])
  }
}

extension Recipe.Scales {
  fileprivate var word: String {
    switch self {
    case .none: "float32"
    case .tensor: "tensor"
    case .channel: "row"
    }
  }
}

extension Recipe.Clip {
  fileprivate var json: JSONValue {
    switch self {
    case .maximum: "maximum"
    case .leastError: "least-error"
    case .percentile(let percent): .number(percent)
    }
  }
}
