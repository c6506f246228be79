import PlanFormat
public import PlanRuntime

/// Runs a plan beside the float model it was made from, and compares every tensor on the way.
public enum PlanComparer {
  /// Memory that one call's float tensors may take, in bytes.
  private static let memory = 128 << 20

  /// Compares a plan with a float plan over windows, each from a zero state.
  ///
  /// The plan runs twice: as it is, and with every instruction's inputs overwritten by what the float model has there, as
  /// the plan would quantize it.
  ///
  /// - Parameters:
  ///   - plan: the plan.
  ///   - reference: the float plan of the module that the plan was quantized from, so that names and bases are the same.
  ///   - threads: nil for one on each physical core.
  ///   - progress: told how many windows are done, of how many.
  ///   - shouldStop: asked before each window.
  /// - Throws: `EvaluationError`.
  public static func compare(
    _ plan: Plan, with reference: Plan, on windows: TextWindows, threads: Int? = nil,
    progress: (_ done: Int, _ total: Int) -> Void = { _, _ in }, shouldStop: () -> Bool = { false }
  ) throws(EvaluationError) -> PlanComparison {
    guard reference.vocabulary == plan.vocabulary else {
      throw .vocabularies(plan: plan.vocabulary, baseline: reference.vocabulary)
    }
    if let position = windows.tokens.firstIndex(where: { $0 >= plan.vocabulary }) {
      throw .token(position: position, id: windows.tokens[position], vocabulary: plan.vocabulary)
    }
    let rowBytes =
      4
      * TapNames(reference.view).written.keys.reduce(0) {
        $0 + Int(reference.view.buffer($1.buffer).width)
      }
    let rows = max(1, min(windows.length, 512, memory / max(1, rowBytes)))
    let run = ComparisonRun(
      plan: try makeContext(plan, rows, windows, threads),
      alone: try makeContext(plan, rows, windows, threads),
      reference: try makeContext(reference, rows, windows, threads))
    for window in 0..<windows.count {
      if shouldStop() { throw .stopped(done: window) }
      do throws(CallError) {
        try run.compare(Array(windows.inputs(of: window)))
      } catch {
        throw .call(window: window, error)
      }
      if let name = run.specialTensor { throw .notFiniteTensor(name, window: window) }
      progress(window + 1, windows.count)
    }
    return run.result(windows)
  }

  private static func makeContext(
    _ plan: Plan, _ rows: Int, _ windows: TextWindows, _ threads: Int?
  ) throws(EvaluationError) -> Context {
    do throws(ContextError) {
      return try Context(
        plan: plan,
        options: ContextOptions(
          rowCapacity: rows, logitRowCapacity: rows, contextCapacity: windows.length, threads: threads))
    } catch {
      throw .plan(error)
    }
  }
}

/// Compares window after window.
private final class ComparisonRun {
  /// A tensor that is compared.
  private struct Tap {
    let name: String
    let counterpart: String
    var accumulated = TapError()
    var alone = TapError()
    var codes = CodeCount()
    var profile: MagnitudeProfile
  }

  /// Where each tensor was written last, before the instruction that is looked at.
  private typealias Writers = [String: TapNames.Write]

  private let (plan, alone, reference): (Context, Context, Context)
  private let names: TapNames
  private let exact: ReferenceRows
  /// The float tensors that stand for what each instruction reads.
  private let inputs: [TapNames.Write: String]
  private var taps: [TapNames.Write: Tap] = [:]
  private var unmatched: Set<String> = []
  private var scratch: [Float]

  init(plan: Context, alone: Context, reference: Context) {
    (self.plan, self.alone, self.reference) = (plan, alone, reference)
    let view = plan.plan.view
    let names = TapNames(view)
    self.names = names
    let floatNames = Set(TapNames(reference.plan.view).written.values)
    inputs = names.read.compactMapValues { FloatNames.counterpart(of: $0, in: floatNames) }
    let wanted = Set(
      inputs.values + names.written.values.compactMap { FloatNames.counterpart(of: $0, in: floatNames) })
    exact = ReferenceRows(reference.plan, rows: plan.options.rowCapacity, wanted: wanted.contains)
    var widest = 1
    for (write, name) in names.written {
      let width = Int(view.buffer(write.buffer).width)
      widest = max(widest, width)
      guard let counterpart = FloatNames.counterpart(of: name, in: floatNames),
        exact.widths[counterpart] == width
      else {
        unmatched.insert(name)
        continue
      }
      taps[write] = Tap(name: name, counterpart: counterpart, profile: MagnitudeProfile(width: width))
    }
    scratch = Array(repeating: 0, count: widest)
  }

  var specialTensor: String? { exact.specialTensor }

  func compare(_ tokens: [UInt32]) throws(CallError) {
    for context in [plan, alone, reference] { try context.reset(slot: 0) }
    for start in stride(from: 0, to: tokens.count, by: plan.options.rowCapacity) {
      let chunk = Array(tokens[start..<min(start + plan.options.rowCapacity, tokens.count)])
      let (segments, rows) = ([Segment(slot: 0, count: chunk.count)], Array(chunk.indices))
      try reference.run(tokens: chunk, segments: segments, tap: exact.keep)
      _ = try reference.logits(rows: rows, tap: exact.keep)
      guard specialTensor == nil else { return }
      try plan.run(tokens: chunk, segments: segments) { add($0, isAlone: false) }
      _ = try plan.logits(rows: rows) { add($0, isAlone: false) }
      try alone.run(tokens: chunk, segments: segments, force: force) { add($0, isAlone: true) }
      _ = try alone.logits(rows: rows, force: force) { add($0, isAlone: true) }
    }
  }

  /// Puts what the float model has there into a buffer that is about to be read.
  private func force(_ event: InputEvent) {
    let place = TapNames.Write(instruction: event.instruction, buffer: event.buffer)
    guard let name = inputs[place], exact.widths[name] == event.width else { return }
    for row in 0..<event.rows {
      if let values = exact.row(event.callRow(row), of: name) { event.write(values, row: row) }
    }
  }

  private func add(_ event: TapEvent, isAlone: Bool) {
    let write = TapNames.Write(instruction: event.instruction, buffer: event.buffer)
    guard var tap = taps.removeValue(forKey: write) else { return }
    scratch.withUnsafeMutableBufferPointer { scratch in
      let values = UnsafeMutableBufferPointer(rebasing: scratch[..<event.width])
      for row in 0..<event.rows {
        guard let exact = exact.row(event.callRow(row), of: tap.counterpart) else { continue }
        event.read(row: row, into: values)
        if isAlone {
          tap.alone.add(UnsafeBufferPointer(values), reference: exact)
        } else {
          tap.accumulated.add(UnsafeBufferPointer(values), reference: exact)
          tap.profile.add(exact)
          tap.codes.add(event, row: row)
        }
      }
    }
    taps[write] = tap
  }

  private func comparison(of tap: Tap, _ write: TapNames.Write, _ writers: Writers) -> TapComparison {
    let view = plan.plan.view
    let inputs = view.instruction(write.instruction).buffersRead.compactMap { id in
      names.read[TapNames.Write(instruction: write.instruction, buffer: id)].flatMap { writers[$0] }
    }
    let hint = MendingHint(
      tensor: codes(tap, write),
      inputs: Set(inputs).sorted(by: Self.isEarlier).compactMap { write in
        taps[write].map { codes($0, write) }
      },
      error: tap.alone)
    return TapComparison(
      name: tap.name, instruction: write.instruction, type: "\(view.buffer(write.buffer).type)",
      accumulated: tap.accumulated, alone: tap.alone, saturation: tap.codes.share, hint: hint.text)
  }

  private func codes(_ tap: Tap, _ write: TapNames.Write) -> MendingHint.Codes {
    let view = plan.plan.view
    return MendingHint.Codes(
      name: tap.name, scales: view.scales(of: view.buffer(write.buffer)), profile: tap.profile)
  }

  private static func isEarlier(_ first: TapNames.Write, _ second: TapNames.Write) -> Bool {
    (first.instruction, first.buffer.rawValue) < (second.instruction, second.buffer.rawValue)
  }

  func result(_ windows: TextWindows) -> PlanComparison {
    let order = taps.keys.sorted(by: Self.isEarlier)
    var writers: Writers = [:]
    let comparisons = order.compactMap { write -> TapComparison? in
      guard let tap = taps[write] else { return nil }
      defer { writers[tap.name] = write }
      return comparison(of: tap, write, writers)
    }
    return PlanComparison(
      tokens: windows.count * windows.length, windows: windows.count, taps: comparisons,
      unmatched: unmatched.sorted())
  }
}

/// Codes seen, and those at an end of their range.
private struct CodeCount {
  private var seen = 0
  private var saturated = 0

  mutating func add(_ event: TapEvent, row: Int) {
    guard event.type == .i8 else { return }
    seen += event.width
    saturated += saturatedCount(event.codes(row: row))
  }

  var share: Double? { seen > 0 ? Double(saturated) / Double(seen) : nil }
}
