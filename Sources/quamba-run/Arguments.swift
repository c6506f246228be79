import Generation

/// What the command line asks for.
struct Arguments {
  /// What to continue: text, or token ids.
  enum Prompt {
    case text(String)
    case tokens([UInt32])
  }

  var plan = ""
  var prompt = Prompt.tokens([])
  var tokenLimit = 128
  var sampling = SamplingOptions()
  var ignoresEnd = false
  var threads: Int?
  var context: Int?
  var printsDigest = false

  static let help = """
    usage: quamba-run PLAN (--prompt TEXT | --ids 1,2,3) [options]

    Continues a prompt with a plan that quamba has compiled. The text goes to standard output as it comes, a
    one-line account to standard error.

      --prompt TEXT     the text to continue
      --ids LIST        token ids to continue, separated by commas; prints ids
      -n N              tokens to generate at most (128)
      --temperature T   0 takes the most likely token always (0)
      --top-k K         draw from the K most likely tokens only
      --top-p P         draw from the most likely tokens that together reach P only
      --seed S          where the random numbers begin (0)
      --ignore-eos      go on after an end token
      --context N       tokens that there is room for, where the plan has attention (as many as needed)
      --threads N       threads (one on each physical core)
      --logits-digest   print a digest of all logits at the end
      --help            print this

    QUAMBA_ISA=scalar|avx2|avxvnni|avx512|neon forces the kernels.
    Exit codes: 0 ok, 64 usage, 65 bad plan, 66 no such file, 69 unsupported, 74 input or output, 76 plan
    version.
    """

  /// Reads the command line without the program's name.
  ///
  /// - Throws: `Failure` of usage.
  init(_ words: [String]) throws(Failure) {
    var words = words[...]
    var (plans, prompts) = ([String](), [Prompt]())
    while let word = words.popFirst() {
      switch word {
      case "--prompt": prompts.append(.text(try Self.value(of: word, &words)))
      case "--ids": prompts.append(.tokens(try Self.ids(Self.value(of: word, &words))))
      case "-n": tokenLimit = try Self.number(of: word, &words)
      case "--temperature": sampling.temperature = try Self.number(of: word, &words)
      case "--top-k": sampling.topK = try Self.number(of: word, &words)
      case "--top-p": sampling.topP = try Self.number(of: word, &words)
      case "--seed": sampling.seed = try Self.number(of: word, &words)
      case "--ignore-eos": ignoresEnd = true
      case "--context": context = try Self.number(of: word, &words)
      case "--threads": threads = try Self.number(of: word, &words)
      case "--logits-digest": printsDigest = true
      default:
        guard !word.hasPrefix("-") else { throw .usage("there is no option \(word)") }
        plans.append(word)
      }
    }
    guard let plan = plans.first, plans.count == 1 else { throw .usage("name one plan") }
    guard let prompt = prompts.first, prompts.count == 1 else {
      throw .usage("give one of --prompt and --ids")
    }
    guard (0...GenerationRequest.largestTokenLimit).contains(tokenLimit) else {
      throw .usage("-n is \(tokenLimit); it must be from 0 to \(GenerationRequest.largestTokenLimit)")
    }
    guard sampling.isValid else { throw .usage("a number is out of range") }
    (self.plan, self.prompt) = (plan, prompt)
  }

  private static func value(of option: String, _ words: inout ArraySlice<String>) throws(Failure) -> String {
    guard let value = words.popFirst() else { throw .usage("\(option) needs a value") }
    return value
  }

  private static func number<Number: LosslessStringConvertible>(
    of option: String, _ words: inout ArraySlice<String>
  ) throws(Failure) -> Number {
    let text = try value(of: option, &words)
    guard let number = Number(text) else { throw .usage("\(option): \(text) is no number that fits") }
    return number
  }

  private static func ids(_ list: String) throws(Failure) -> [UInt32] {
    var ids: [UInt32] = []
    for part in list.split(separator: ",", omittingEmptySubsequences: false) {
      guard let id = UInt32(part) else { throw .usage("--ids: \(part) is no token id") }
      ids.append(id)
    }
    return ids
  }
}
