public import Calibration
public import Diagnostics
public import JSONText

/// What a compile did.
public struct CompileReport: Sendable {
  /// Name of the recipe.
  public var recipe: String
  /// Layers of the model.
  public var layers: Int
  /// Bytes of the checkpoint's tensors.
  public var bytesBefore: Int
  /// Bytes of the plan file.
  public var bytesAfter: Int
  /// Bytes of one sequence's state at run time.
  public var stateBytes: Int
  /// The tensor of which the largest share was clipped in calibration, and that share; nil where nothing was clipped.
  public var worstSaturation: (tensor: String, share: Double)?
  /// What the ranges were taken from; nil where nothing was quantized.
  public var statistics: Statistics?
  /// Where the time went: names and seconds.
  public var times: [(name: String, seconds: Double)]
  /// Warnings and notes.
  public var findings: [Diagnostic]

  /// The account as JSON; times in seconds.
  public var json: JSONValue {
    .object([
      ("recipe", .string(recipe)), ("layers", .integer(Int64(layers))),
      ("bytes_before", .integer(Int64(bytesBefore))), ("bytes_after", .integer(Int64(bytesAfter))),
      ("state_bytes", .integer(Int64(stateBytes))),
      (
        "worst_saturation",
        worstSaturation.map { .object([("tensor", .string($0.tensor)), ("share", .number($0.share))]) }
          ?? .null
      ),
      ("seconds", .object(times.map { ($0.name, .number($0.seconds)) })),
      ("findings", .array(findings.map { .string($0.description) })),
    ])
  }
}
