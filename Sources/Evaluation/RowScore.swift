import CKernels

/// What one row of logits says of its target.
struct RowScore {
  /// −log of the target's probability, in nats.
  var nll = 0.0
  /// The same by the baseline.
  var baselineNLL = 0.0
  /// KL(baseline ‖ plan) over the whole vocabulary, in nats.
  var divergence = 0.0
  /// The token with the largest logit, the lowest of equal ones.
  var topToken: Int
  /// The same by the baseline.
  var baselineTopToken = 0

  /// Scores the logits of one plan, `[vocabulary]`.
  init(_ logits: UnsafeBufferPointer<Float>, target: Int) {
    topToken = place(ofLargest: logits)
    let peak = Double(logits[topToken])
    var sum = 0.0
    for logit in logits { sum += qk_exp(Double(logit) - peak) }
    nll = peak + qk_log(sum) - Double(logits[target])
  }

  /// Scores the logits of a plan and of its baseline, both `[vocabulary]`.
  ///
  /// With p the baseline's distribution and L each one's logarithm of the sum of exponentials,
  /// KL = Σ p · (baseline − plan) + L(plan) − L(baseline), all relative to each one's largest logit.
  init(
    _ logits: UnsafeBufferPointer<Float>, baseline: UnsafeBufferPointer<Float>, target: Int
  ) {
    (topToken, baselineTopToken) = (place(ofLargest: logits), place(ofLargest: baseline))
    let (peak, baselinePeak) = (Double(logits[topToken]), Double(baseline[baselineTopToken]))
    var (sum, baselineSum, difference) = (0.0, 0.0, 0.0)
    for index in baseline.indices {
      let logit = Double(logits[index]) - peak
      let baselineLogit = Double(baseline[index]) - baselinePeak
      let weight = qk_exp(baselineLogit)
      sum += qk_exp(logit)
      baselineSum += weight
      difference += weight * (baselineLogit - logit)
    }
    let (logSum, baselineLogSum) = (qk_log(sum), qk_log(baselineSum))
    nll = peak + logSum - Double(logits[target])
    baselineNLL = baselinePeak + baselineLogSum - Double(baseline[target])
    divergence = difference / baselineSum + (logSum - baselineLogSum)
  }

  /// Scores the logits of a plan, and those that are stored of a baseline, both `[vocabulary]`.
  init(
    _ logits: UnsafeBufferPointer<Float>, stored: StoredRow, _ baseline: UnsafeBufferPointer<Float>,
    target: Int
  ) {
    self.init(logits, baseline: baseline, target: target)
    (baselineNLL, baselineTopToken) = (stored.nll, stored.topToken)
  }

  /// Whether both prefer the same token.
  var agrees: Bool { topToken == baselineTopToken }

  /// By how much the plan's probability of the target is above the baseline's.
  var probabilityChange: Double { qk_exp(-nll) - qk_exp(-baselineNLL) }

  /// Whether all numbers are finite.
  var isFinite: Bool { nll.isFinite && baselineNLL.isFinite && divergence.isFinite }
}

/// The place of the largest logit, the lowest of equal ones.
private func place(ofLargest logits: UnsafeBufferPointer<Float>) -> Int {
  var top = 0
  for index in logits.indices where logits[index] > logits[top] { top = index }
  return top
}
