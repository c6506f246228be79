public import IR

extension Recipe {
  /// How the range of a tensor is chosen.
  public typealias Clip = IR.Clip

  /// A class of activations: the last part of the names of its tensors.
  public enum TensorClass: String, Sendable, CaseIterable {
    case norm, x, z, u
    /// The copy of u that the scan reads, where it has scales of its own.
    case uScan = "u_scan"
    case dtLow = "dt_low"
    /// What the convolutions read that give B and C.
    case bIn = "b_in"
    case cIn = "c_in"
    case b, c, dt, y
    case yRotated = "y_rotated"
    case normF = "norm_f"
    /// Keys and values, what attention makes of them, and the gated product of an MLP.
    case k, v, attended, h
    case hRotated = "h_rotated"

    /// The class of a tensor, nil for one that is never quantized.
    public init?(ofTensor name: String) {
      self.init(rawValue: String(name.split(separator: ".", omittingEmptySubsequences: false).last ?? ""))
    }
  }
}
