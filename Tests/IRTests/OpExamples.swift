import IR

/// A module for every operation: what the round trip and the documentation of an operation are tested with.
enum OpExamples {
  /// One example: the stage, and the nodes of a module that holds the operation.
  struct Example {
    let stage: Stage
    let nodes: String

    init(_ nodes: String, stage: Stage = .imported) {
      self.stage = stage
      self.nodes = nodes
    }

    var text: String { Sample.text(stage: stage.rawValue, nodes) }
  }

  /// The example of an operation.
  static func example(of op: Op) -> Example {
    op.isConstant ? constantSide(op) : rowSide(op)
  }

  private static let tokens = "%t: i32[1] = tokens()\n"
  private static let matrix = "$w: f32[4, 12] = constant() {source = random(1, 0.5)}\n"
  private static let scales = "$s: f32[4] = constant() {source = splat(0.125)}\n"
  private static let codes = matrix + scales + "$q: i8[4, 12] = quantize_weight($w, $s)\n"

  private static func constantSide(_ op: Op) -> Example {
    switch op {
    case .constant:
      Example(
        tokens + matrix + """
          $a: bf16[2, 3, 4] = constant() {source = from "backbone.layers.0.\\"odd\\" name"}
          $b: f32[3] = constant() {source = values[1e-45, 3.4028235e+38, -0.0]}
          $c: f32[1] = constant() {source = zero}
          """)
    case .sliceRows:
      Example(tokens + matrix + "$r: f32[2, 12] = slice_rows($w) {start = 1, count = 2}")
    case .reshape: Example(tokens + matrix + "$r: f32[8, 6] = reshape($w) {rows = 8}")
    case .negativeExp: Example(tokens + matrix + "$r: f32[4, 12] = negative_exp($w)")
    case .scaleColumns:
      Example(
        tokens + matrix
          + "$f: f32[12] = constant() {source = splat(2.0)}\n$r: f32[4, 12] = scale_columns($w, $f)")
    case .columnMax:
      Example(tokens + matrix + "$m: f32[12] = column_max($w)\n$r: f32[12] = column_max($w, $m)")
    case .smoothingFactors:
      Example(
        tokens + matrix
          + """
          $m: f32[12] = column_max($w)
          $a: f32[12] = constant() {source = splat(2.0)}
          $r: f32[12] = smoothing_factors($a, $m) {strength = 0.5}
          """)
    case .reciprocal:
      Example(tokens + "$f: f32[4] = constant() {source = splat(2.0)}\n$r: f32[4] = reciprocal($f)")
    case .scaleRows:
      Example(
        tokens + matrix + "$f: f32[4] = constant() {source = signs(3)}\n$r: f32[4, 12] = scale_rows($w, $f)")
    case .rotateRows: Example(tokens + matrix + "$r: f32[4, 12] = rotate_rows($w) {block = 4, order = 1}")
    case .rotateColumns:
      Example(tokens + matrix + "$r: f32[4, 12] = rotate_columns($w) {block = 12, order = 12}")
    case .weightScale:
      Example(
        tokens + matrix + "$r: f32[4] = weight_scale($w) {per = \"row\", clip = \"least-error\"}",
        stage: .ranged)
    case .groupFactors:
      Example(
        tokens + matrix + scales + "$r: i8[4, 1] = group_factors($w, $s) {clip = \"least-error\"}",
        stage: .ranged)
    case .quantizeWeight: Example(tokens + codes, stage: .ranged)
    case .dequantizeWeight:
      Example(tokens + codes + "$r: f32[4, 12] = dequantize_weight($q, $s)", stage: .ranged)
    case .requantizeMultiplier:
      Example(
        tokens + scales + "$r: f32[4] = requantize_multiplier($s) {input = 0.5, rows = 4, output = 0.25}",
        stage: .quantized)
    case .requantizeBias: Example(tokens + scales + "$r: f32[4] = requantize_bias($s, $s)", stage: .quantized)
    default: Example("")
    }
  }

  private static func rowSide(_ op: Op) -> Example {
    switch op {
    case .tokens: Example(tokens)
    case .embedding: Example(tokens + codes + "%x: f32[12] = embedding(%t, $q, $s)", stage: .ranged)
    case .rmsNorm:
      Example(
        Sample.rows(3) + """
          $g: f32[3] = constant() {source = splat(1.0)}
          %y: f32[3] = rms_norm(%x, $g) {epsilon = 1e-05}
          %z: f32[3] = rms_norm(%x, $g) {epsilon = 1e-05, groups = 3}
          """)
    case .linear: Example(Sample.rows(12) + matrix + scales + "%y: f32[4] = linear(%x, $w, $s)")
    case .slice: Example(Sample.rows(5) + "%y: f32[2] = slice(%x) {start = 3, count = 2}")
    case .add: Example(Sample.rows(5) + "%y: f32[5] = add(%x, %x)")
    case .conv1d:
      Example(
        Sample.rows(2) + "$k: f32[2, 3] = constant() {source = random(2, 1.0)}\n%y: f32[2] = conv1d(%x, $k)")
    case .silu: Example(Sample.rows(5) + "%y: f32[5] = silu(%x)")
    case .selectRows: Example(Sample.rows(5) + "%y: f32[5] = select_rows(%x)")
    case .selectiveScan:
      Example(
        Sample.rows(2) + """
          $a: f32[2, 2] = constant() {source = splat(-1.0)}
          $d: f32[2] = constant() {source = splat(1.0)}
          %y: f32[2] = selective_scan(%x, %x, %x, %x, %x, $a, $d, $d)
          %h: f32[2] = selective_scan(%x, %x, %x, %x, %x, $a, $d, $d) {state = "f16"}
          %q: f32[2] = selective_scan(%x, %x, %x, %x, %x, $a, $d, $d, $d) {state = "i8"}
          %g: f32[2] = selective_scan(%x, %x, %x, %x, %x, $d, $d, $d) {groups = 2, minimum = 0.001, maximum = 0.5}
          """)
    case .scaleChannels: Example(Sample.rows(4) + scales + "%y: f32[4] = scale_channels(%x, $s)")
    case .hadamard: Example(Sample.rows(24) + "%y: f32[24] = hadamard(%x) {block = 24, order = 12}")
    default: hybridRow(op)
    }
  }

  private static func hybridRow(_ op: Op) -> Example {
    switch op {
    case .gate: Example(Sample.rows(5) + "%y: f32[5] = gate(%x, %x)")
    case .attention:
      Example(
        Sample.rows(4) + """
          $w: f32[2, 4] = constant() {source = random(1, 0.5)}
          %k: f32[2] = linear(%x, $w)
          %y: f32[4] = attention(%x, %k, %k) {heads = 2, key_heads = 1, scale = 0.5}
          """)
    case .route: Example(Sample.rows(4) + "%y: f32[4] = route(%x) {count = 2}")
    case .dispatch: Example(Sample.rows(4) + "%y: f32[4] = dispatch(%x, %x) {expert = 3}")
    case .combine: Example(Sample.rows(4) + "%y: f32[4] = combine(%x, %x, %x) {expert = 0}")
    default: quantizedRow(op)
    }
  }

  private static func quantizedRow(_ op: Op) -> Example {
    switch op {
    case .quantize:
      Example(
        Sample.rows(4) + scales + """
          %q: i8[4]@[$s] = quantize(%x)
          %r: i8[4]@1e-05 = quantize(%x)
          %w: i16[4]@1e-05 = quantize(%x) {bits = 16}
          """,
        stage: .ranged)
    case .dequantize:
      Example(
        Sample.rows(4) + "%q: i8[4]@0.0123 = quantize(%x)\n%y: f32[4] = dequantize(%q)", stage: .quantized)
    case .linearInt8:
      Example(
        Sample.rows(12) + codes + """
          %c: i8[12]@0.0078125 = quantize(%x)
          %y: i8[4]@0.25 = linear_int8(%c, $q, $s, $s)
          """, stage: .quantized)
    default: Example("")
    }
  }
}

extension Op {
  fileprivate var isConstant: Bool { OpSpec.of(self).side == .constant }
}
