import JSONText

/// What `eval --json` has measured on one text.
struct Evaluated {
  /// The text's name, where the result has one.
  let name: String?
  let tokens: Int
  let windows: Int
  let windowLength: Int
  let perplexity: Double
  let baselinePerplexity: Double?
  let increase: Estimated?
  let divergence: Estimated?
  let agreement: Double?
  let positions: [(range: Range<Int>, divergence: Estimated)]

  /// Reads one result.
  /// - Throws: `JSONError` naming the place.
  init(_ json: JSONCursor, name: String?) throws(JSONError) {
    self.name = name
    tokens = try json["tokens"].int()
    windows = try json["windows"].int()
    windowLength = try json["window_length"].int()
    perplexity = try json["perplexity"].double()
    baselinePerplexity = try json.optional("baseline_perplexity")?.double()
    increase = try Estimated(json, "increase")
    divergence = try Estimated(json, "kl")
    agreement = try json.optional("top_token_agreement")?.double()
    var positions: [(Range<Int>, Estimated)] = []
    for bucket in try json.optional("positions")?.array() ?? [] {
      let (from, to) = (try bucket["from"].int(), try bucket["to"].int())
      guard from >= 0, from < to else { throw bucket.error("is no range of positions") }
      if let divergence = try Estimated(bucket, "kl") { positions.append((from..<to, divergence)) }
    }
    self.positions = positions
  }
}

extension Estimated {
  /// The value of a member and of the one that tells its standard error; nil where it is absent or null.
  init?(_ json: JSONCursor, _ name: String) throws(JSONError) {
    guard let value = try json.optional(name) else { return nil }
    self.init(value: try value.double(), error: try json.optional("\(name)_se")?.double())
  }
}
