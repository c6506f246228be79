import CompilerDriver
import Diagnostics
import Evaluation
import PlanRuntime

/// What one run of `quamba eval` works with.
final class EvalRun {
  /// What the plan is compared with.
  private enum Reference {
    case none
    case plan(Plan)
    case stored([any StoredRows])
  }

  private let options: Eval
  private let source: PlanOrModel
  private let reference: Reference
  private let texts: [TextWindows]
  private let tasks: [[Question]]
  private let reporter: ProgressReporter
  /// Windows and questions that are done.
  private var done = 0

  /// Opens and reads everything, and refuses what does not fit together, before anything is computed.
  init(_ options: Eval) throws {
    self.options = options
    let tokenizer = options.tokenizer.tokenizer
    source = try PlanOrModel(
      options.path, tokenizer: tokenizer, threads: options.threads.count, shouldStop: Interruption.shouldStop)
    let source = source
    Console.report(source.findings)
    texts = try options.text.map { try Self.windows($0, options, source) }
    tasks = try options.tasks.map { try TaskFile.questions($0, for: source, beginsText: options.bos) }
    reference = try Self.reference(options, source.plan, texts)
    reporter = ProgressReporter(options.progress.progress, task: "eval")
  }

  /// Scores every text, and stores the baseline's rows where that was asked for.
  func scoreTexts() throws -> [TextScore] {
    guard let path = options.saveBaseline else {
      return try texts.indices.map { try score(text: $0, record: nil) }
    }
    let binding = BaselineFile.Binding(source.plan, window: options.window, scoreFrom: options.scoreFrom)
    let writer = try BaselineWriter(
      path, for: binding, texts: texts, shouldStop: Interruption.shouldStop)
    Console.report([
      Diagnostic(
        .outputSize, "the baseline will have \(ByteCount.text(writer.byteCount))", at: .file(path),
        severity: .note)
    ])
    let scores = try texts.indices.map { index in
      let score = try score(text: index) { try writer.append($0) }
      try writer.endText()
      return score
    }
    try writer.publish()
    return scores
  }

  /// Answers the questions of every task.
  func answerTasks() throws -> [[TaskScore]] {
    let baseline: Plan? = if case .plan(let plan) = reference { plan } else { nil }
    return try zip(options.tasks, tasks).map { path, questions in
      let scores = try EvaluationFailure.naming(path) {
        try TaskScorer.score(
          source.plan, on: questions, baseline: baseline, threads: options.threads.count,
          contextCapacity: options.capacity.context,
          progress: { done, _ in report(done) }, shouldStop: Interruption.shouldStop)
      }
      done += questions.count
      return scores
    }
  }

  private func score(text index: Int, record: TextScorer.Recorder?) throws -> TextScore {
    let baseline: Baseline? =
      switch reference {
      case .none: nil
      case .plan(let plan): .plan(plan)
      case .stored(let rows): .stored(rows[index])
      }
    let score = try EvaluationFailure.naming(options.text[index]) {
      try TextScorer.score(
        source.plan, on: texts[index], against: baseline, threads: options.threads.count,
        contextCapacity: options.capacity.context, countsSaturation: options.saturation, record: record,
        progress: { done, _ in report(done) },
        shouldStop: Interruption.shouldStop)
    }
    done += texts[index].count
    return score
  }

  private func report(_ more: Int) {
    reporter.show(done + more, texts.reduce(0) { $0 + $1.count } + tasks.reduce(0) { $0 + $1.count })
  }
}

extension EvalRun {
  private static func windows(
    _ path: String, _ options: Eval, _ source: PlanOrModel
  ) throws -> TextWindows {
    let tokens = try source.tokens(try TextInput(path: path))
    return try EvaluationFailure.naming(path) {
      try TextWindows(
        tokens: (options.bos ? [try source.beginningToken()] : []) + tokens, length: options.window,
        scoreFrom: options.scoreFrom, limit: options.windows)
    }
  }

  private static func reference(
    _ options: Eval, _ plan: Plan, _ texts: [TextWindows]
  ) throws -> Reference {
    guard let path = options.baseline else { return .none }
    guard BaselineFile.isBaseline(path) else {
      let other = try PlanOrModel(
        path, threads: options.threads.count, shouldStop: Interruption.shouldStop)
      Console.report(other.findings)
      if options.tokenizer.tokenizer == nil { try checkTokenizers(plan, other.plan) }
      return .plan(other.plan)
    }
    guard options.tasks.isEmpty, options.saveBaseline == nil else {
      throw DiagnosticFailure(
        .badOption, "a stored baseline serves for texts only, and is not stored again",
        at: .option("--baseline"), hint: "compare with a plan or a model directory")
    }
    let binding = BaselineFile.Binding(plan, window: options.window, scoreFrom: options.scoreFrom)
    let file = try BaselineFile(path, for: binding)
    return .stored(try texts.map { try file.rows(of: $0) })
  }

  /// Ids mean the same to both plans only where the tokenizers are the same.
  private static func checkTokenizers(_ plan: Plan, _ baseline: Plan) throws {
    let sections = [plan.tokenizerSection, baseline.tokenizerSection]
    guard sections.allSatisfy({ !$0.isEmpty }) else { return }
    guard sections[0].elementsEqual(sections[1]) else {
      throw DiagnosticFailure(
        .badOption, "the baseline has another tokenizer", at: .option("--baseline"),
        hint: "compare plans of the same model")
    }
  }
}
