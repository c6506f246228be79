import IR

/// What a run of a quantized plan saw of the codes of one tensor.
public struct CodeMoments: Sendable {
  /// Rows seen.
  public var count: Int
  /// Sum of the codes of each channel, `[width]`.
  public var sums: [Int64]
  /// Sums of products of two channels' codes, `[width, width]`, above and on the diagonal; empty where not asked for.
  public var gram: [Int64]

  /// What was seen in `count` rows.
  public init(count: Int, sums: [Int64], gram: [Int64]) {
    self.count = count
    self.sums = sums
    self.gram = gram
  }

  /// Mean code of each channel.
  var means: [Double] { sums.map { Double($0) / Double(max(count, 1)) } }
}

/// Better codes and biases for integer products, from a run of the plan that has the nearest codes.
public struct CodeRefinement {
  /// What one run is to observe.
  public struct Request: Sendable {
    /// Tensors of codes by name.
    public var tensors: [String]
    /// Those of them whose Gram matrix is needed.
    public var grams: Set<String>
    /// Number of this run, from 0.
    public var index = 0
    /// Runs in all.
    public var total = 0
  }

  /// Whether weights that read the residual stream or write to it are rounded by GPTQ.
  public var roundsByError: Bool
  /// Whether biases make up for the mean error of their product.
  public var correctsBias: Bool
  /// Bytes of Gram matrices that one run may hold; it holds one matrix at least.
  public var gramBytes: Int
  /// Runs the plan that has the nearest codes.
  public var observe: (Request) throws -> [String: CodeMoments]

  /// A refinement by what `observe` sees.
  public init(
    roundsByError: Bool, correctsBias: Bool, gramBytes: Int,
    observe: @escaping (Request) throws -> [String: CodeMoments]
  ) {
    self.roundsByError = roundsByError
    self.correctsBias = correctsBias
    self.gramBytes = gramBytes
    self.observe = observe
  }

  /// The runs that products need: their inputs in order, and as many Gram matrices in one as fit.
  func requests(for products: [CodeProduct], in module: Module) -> [Request] {
    var requests = [Request(tensors: [], grams: [])]
    var bytes = 0
    for product in products {
      let input = module[product.input]
      guard !requests.contains(where: { $0.tensors.contains(input.name) }) else { continue }
      if roundsByError && product.isRoundable {
        let size = input.type.width * input.type.width * MemoryLayout<Int64>.size
        if bytes > 0 && bytes + size > gramBytes {
          requests.append(Request(tensors: [], grams: []))
          bytes = 0
        }
        bytes += size
        requests[requests.count - 1].grams.insert(input.name)
      }
      requests[requests.count - 1].tensors.append(input.name)
    }
    for index in requests.indices {
      requests[index].index = index
      requests[index].total = requests.count
    }
    return requests
  }
}
