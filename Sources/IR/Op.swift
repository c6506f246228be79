/// The identity of an operation; `OpSpec.all` tells what each one takes, gives and means.
public enum Op: String, CaseIterable, Sendable {
  // Constants and what is computed from them when a plan is made.
  case constant
  case sliceRows = "slice_rows"
  case reshape
  case negativeExp = "negative_exp"
  case scaleColumns = "scale_columns"
  case scaleRows = "scale_rows"
  case rotateColumns = "rotate_columns"
  case rotateRows = "rotate_rows"
  case columnMax = "column_max"
  case smoothingFactors = "smoothing_factors"
  case reciprocal
  case weightScale = "weight_scale"
  case groupFactors = "group_factors"
  case quantizeWeight = "quantize_weight"
  case dequantizeWeight = "dequantize_weight"
  case requantizeMultiplier = "requantize_multiplier"
  case requantizeBias = "requantize_bias"

  // Rows: what runs once per token.
  case tokens
  case embedding
  case rmsNorm = "rms_norm"
  case linear
  case slice
  case add
  case conv1d
  case silu
  case selectiveScan = "selective_scan"
  case scaleChannels = "scale_channels"
  case hadamard
  case quantize
  case dequantize
  case linearInt8 = "linear_int8"
  case selectRows = "select_rows"
  case gate
  case attention
  case route
  case dispatch
  case combine
}
