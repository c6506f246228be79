import PlanRuntime

/// Measures one plan with one number of threads.
final class BenchRunner {
  private let path: String
  private let work: PlanWork
  private let settings: BenchSettings
  private let probe: LimitProbe
  private let context: Context
  private var tokens: BenchTokens
  private let step: () -> Void
  /// The limits, in the order in which they were measured.
  private var limits: [MachineLimits]

  /// Rows of one call at most, as in `ContextOptions`, or more for a large batch.
  private static let rows = 512

  init(
    path: String, plan: Plan, work: PlanWork, settings: BenchSettings, threads: Int,
    step: @escaping () -> Void
  ) throws(ContextError) {
    (self.path, self.work, self.settings, self.step) = (path, work, settings, step)
    let most = settings.batches.max() ?? 1
    context = try Context(
      plan: plan,
      options: ContextOptions(
        rowCapacity: max(Self.rows, most), logitRowCapacity: max(16, most), stateSlots: most,
        contextCapacity: settings.contextCapacity ?? max(settings.prompt, settings.steps),
        threads: threads))
    tokens = BenchTokens(vocabulary: plan.vocabulary)
    probe = try LimitProbe(threads: threads, byteCount: settings.limitBytes)
    limits = [probe.measure(seconds: settings.limitSeconds)]
  }

  /// Repeats all measurements and sums them up.
  func run() throws -> BenchRun {
    var (loads, firsts, prefills) = ([Double](), [Double](), [Sample]())
    var decodes: [[Sample]] = settings.batches.map { _ in [] }
    var resident: [Int?] = settings.batches.map { _ in nil }
    for _ in 0..<settings.repetitions {
      var (load, loaded) = (0.0, Context?.none)
      firsts.append(try measure { (load, loaded) = try firstToken() }.seconds)
      // Giving the plan back is no part of the first token.
      withExtendedLifetime(loaded) {}
      loaded = nil
      loads.append(load)
      prefills.append(try prefill())
      for (index, batch) in settings.batches.enumerated() {
        decodes[index].append(try decode(batch))
        resident[index] = ResidentMemory.bytes.map { $0 - probe.byteCount }
      }
    }
    return BenchRun(
      threads: context.options.threads ?? 1, instructionSet: probe.instructionSet.rawValue,
      limits: LimitsSpread(limits), loadSeconds: Spread(loads), firstTokenSeconds: Spread(firsts),
      prefill: throughput(
        prefills, tokens: settings.prompt, products: work.prefillProducts(rows: settings.prompt)),
      decode: decodeResults(decodes, resident))
  }

  /// Loads the plan and computes the logits after one token; gives the seconds until it was bound, and what holds it.
  private func firstToken() throws -> (seconds: Double, context: Context) {
    let start = SteadyClock.nanoseconds
    let context = try Context(
      plan: try Plan(path: path), options: ContextOptions(threads: context.options.threads))
    let bound = SteadyClock.nanoseconds
    try context.run(tokens: [0], segments: [Segment(slot: 0, count: 1)])
    _ = try context.logits(rows: [0])
    return (Double(bound - start) * 1e-9, context)
  }

  private func prefill() throws -> Sample {
    let prompt = tokens.next(settings.prompt)
    try context.reset(slot: 0)
    return try measure {
      let last = try context.prefill(prompt, chunk: Self.rows)
      _ = try context.logits(rows: [last])
    }
  }

  private func decode(_ batch: Int) throws -> Sample {
    let steps = (0..<settings.steps).map { _ in tokens.next(batch) }
    let segments = (0..<batch).map { Segment(slot: $0, count: 1) }
    let rows = Array(0..<batch)
    for slot in rows { try context.reset(slot: slot) }
    return try measure {
      for ids in steps {
        try context.run(tokens: ids, segments: segments)
        _ = try context.logits(rows: rows)
      }
    }
  }

  /// Times `body`, then measures the limits; those before it were measured after what went before.
  private func measure(_ body: () throws -> Void) rethrows -> Sample {
    let start = SteadyClock.nanoseconds
    try body()
    let seconds = Double(SteadyClock.nanoseconds - start) * 1e-9
    let (before, after) = (limits[limits.count - 1], probe.measure(seconds: settings.limitSeconds))
    limits.append(after)
    step()
    return Sample(seconds: max(seconds, 1e-9), limits: .mean(before, after))
  }
}

/// How long one measurement took, and what the machine could do meanwhile.
struct Sample {
  let seconds: Double
  let limits: MachineLimits
}

extension BenchRunner {
  private func throughput(_ samples: [Sample], tokens: Int, products: Double) -> Throughput {
    Throughput(
      tokensPerSecond: Spread(samples.map { Double(tokens) / $0.seconds }),
      productShare: Spread(samples.map { products / $0.seconds / work.productRate($0.limits) }))
  }

  private func decodeResults(_ samples: [[Sample]], _ resident: [Int?]) -> [DecodeResult] {
    let single = settings.batches.firstIndex(of: 1).map { samples[$0] }
    let steps = Double(settings.steps)
    return settings.batches.indices.map { index in
      let (batch, samples) = (settings.batches[index], samples[index])
      let bytes = Double(work.weightBytes) * steps
      return DecodeResult(
        batch: batch,
        throughput: throughput(
          samples, tokens: batch * settings.steps, products: work.stepProducts(batch: batch) * steps),
        stepSeconds: Spread(samples.map { $0.seconds / steps }),
        readShare: Spread(samples.map { bytes / $0.seconds / $0.limits.readBandwidth }),
        multiple: single.map { single in
          Spread(zip(single, samples).map { Double(batch) * $0.seconds / $1.seconds })
        },
        residentBytes: resident[index])
    }
  }
}
