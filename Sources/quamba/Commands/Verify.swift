public import ArgumentParser
public import CompilerDriver

/// The command `quamba verify`.
struct Verify: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Checks a plan file.",
    discussion: """
      The structure is always checked, as it is whenever a plan is loaded. Level 'content' also compares the digest of \
      every section and computes the corrections of quantized weights again; level 'run' also computes the golden logits that the plan holds, which must agree bit for bit.

      With --key the plan must have a signature by that key, as 'quamba sign' and minisign make them. With --manifest its \
      SHA-256 must be the one that a list as by sha256sum states:
        quamba verify model.qplan --print-manifest > SHA256SUMS
        sha256sum -c SHA256SUMS
      """)

  @Argument(help: "A plan file.")
  var plan: String

  @Option(
    help: "How much is checked: \(PlanVerification.Level.allCases.map(\.rawValue).joined(separator: ", ")).")
  var level = PlanVerification.Level.structure

  @Option(help: "A public key file, or a public key: the plan must be signed with it.")
  var key: String?

  @Option(help: "The signature file; the plan's name and .minisig unless given.")
  var signature: String?

  @Option(help: "A list as sha256sum writes it: the plan must have the digest stated there.")
  var manifest: String?

  @Flag(help: "Print the plan's line for such a list, once everything is checked, and nothing else.")
  var printManifest = false

  @OptionGroup var threads: ThreadOptions

  func validate() throws {
    guard key != nil || signature == nil else { throw ValidationError("--signature needs --key") }
  }

  func run() throws {
    var account: [String] = []
    if let key {
      let signer = try PlanSigning.verify(
        plan, key: key, signaturePath: signature ?? plan + PlanSigning.suffix)
      account.append("\(plan): signed with key \(signer.key) (\(signer.comment))")
    }
    if let manifest {
      try PlanManifest.check(plan, against: manifest)
      account.append("\(plan): the SHA-256 is the one in \(manifest)")
    }
    account.append(try PlanVerification.verify(plan, level: level, threads: threads.threads))
    Console.print(printManifest ? try PlanManifest.line(for: plan) : account.joined(separator: "\n"))
  }
}

extension PlanVerification.Level: ExpressibleByArgument {}
