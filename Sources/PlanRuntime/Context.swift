internal import CKernels
internal import PlanFormat

/// Everything that running a plan needs: arena, states, threads; it takes one call at a time.
public final class Context {
  /// The plan that it runs.
  public let plan: Plan
  /// The options as they came out: threads and instruction set are named.
  public let options: ContextOptions

  let body: BoundProgram
  let head: BoundProgram
  let pool: OpaquePointer
  /// The buffers of both programs.
  let arenas: (body: Memory, head: Memory)
  let states: Memory
  /// Keys and values of the sequences.
  let pages: Pages
  let rowSets: RowSets
  let tables: CallTables
  /// What taps say of each instruction; made when the first tap asks.
  private(set) lazy var tapOutputs = TapOutputs(binder: binder)
  /// Rows of the last run.
  var rows = 0
  /// Counts calls, to find slots that one call names twice.
  var callNumber: UInt64 = 0
  /// Where the head leaves its logits.
  let logitsOperand: qk_operand
  private let scratch: Scratch
  private let binder: Binder

  /// Gets memory and threads, and binds the plan's instructions to them.
  ///
  /// - Throws: `ContextError` when the options are wrong or the system does not give what they ask for.
  public init(plan: Plan, options: ContextOptions = ContextOptions()) throws(ContextError) {
    try options.check()
    let model = plan.view.model
    let set = try options.chosenInstructionSet()
    guard let kernels = set.kernels else { throw .unsupportedInstructionSet(set) }
    let threads = options.threads ?? PhysicalCores.count
    arenas = (
      try allocate(options.rowCapacity, UInt64(model.bodyBytesPerRow)),
      try allocate(options.logitRowCapacity, UInt64(model.headBytesPerRow))
    )
    states = try allocate(options.stateSlots, model.stateBytesPerSlot)
    pages = try Pages(PageLayout(model, contextCapacity: options.contextCapacity), slots: options.stateSlots)
    rowSets = try RowSets(plan.view, rowCapacity: options.rowCapacity)
    tables = CallTables(options)
    scratch = Scratch(threads: threads)
    binder = Binder(
      view: plan.view, kernels: kernels.pointee, bodyArena: arenas.body.base, headArena: arenas.head.base,
      bodyRows: options.rowCapacity, headRows: options.logitRowCapacity, rowSets: rowSets,
      pages: pages.layout, scratch: scratch.table)
    logitsOperand = binder.operand(model.logits, factor: nil)
    body = binder.bind(.body)
    head = binder.bind(.head)
    try scratch.allocate(for: [(body, options.rowCapacity), (head, options.logitRowCapacity)])
    guard let pool = qk_pool_create(UInt32(threads)) else { throw .threads(threads) }
    self.pool = pool
    self.plan = plan
    self.options = ContextOptions(
      rowCapacity: options.rowCapacity, logitRowCapacity: options.logitRowCapacity,
      stateSlots: options.stateSlots, contextCapacity: options.contextCapacity, threads: threads,
      instructionSet: set)
  }

  deinit { qk_pool_destroy(pool) }

  /// Whether sequences have keys and values, which take room for every token.
  public var keepsKeys: Bool { pages.layout.bytes > 0 }

  /// Bytes of one state slot.
  public var stateBytes: Int { Int(plan.view.model.stateBytesPerSlot) }
}

/// Zeroed memory for so many items of so many bytes.
private func allocate(_ count: Int, _ bytes: UInt64) throws(ContextError) -> Memory {
  let (total, overflow) = UInt64(count).multipliedReportingOverflow(by: bytes)
  guard !overflow, let size = Int(exactly: total) else { throw .memory(bytes: nil) }
  guard let memory = Memory(zeroed: size) else { throw .memory(bytes: size) }
  return memory
}
