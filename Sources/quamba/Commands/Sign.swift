import ArgumentParser
import CompilerDriver

/// The command `quamba sign`.
struct Sign: ParsableCommand {
  static let configuration = CommandConfiguration(
    abstract: "Signs a plan file, or makes a pair of keys.",
    discussion: """
      Signatures are Ed25519, in a file of their own in the format of minisign:
        quamba sign --generate release          makes release.key (secret, without a password) and release.pub
        quamba sign model.qplan --key release.key
        quamba verify model.qplan --key release.pub
        minisign -Vm model.qplan -p release.pub
      Keys by 'minisign -G -W' can be used too; keys that exist are never overwritten. The plan is checked as when it is \
      loaded before it is signed.
      """)

  @Argument(help: "A plan file.")
  var plan: String?

  @Option(help: "The secret key file to sign with.")
  var key: String?

  @Option(
    name: .shortAndLong, help: "The signature file to write; the plan's name and .minisig unless given.")
  var output: String?

  @Option(help: "One line that the signature covers too; the plan's name unless given.")
  var comment: String?

  @Option(help: ArgumentHelp("Make a pair of keys, NAME.key and NAME.pub.", valueName: "name"))
  var generate: String?

  func validate() throws {
    if generate != nil {
      guard plan == nil, key == nil, output == nil, comment == nil else {
        throw ValidationError("--generate stands alone; sign in a second step")
      }
    } else {
      guard plan != nil, key != nil else { throw ValidationError("give a plan and --key, or --generate") }
    }
  }

  func run() throws {
    if let generate {
      let key = try PlanSigning.generateKeys(generate, shouldStop: Interruption.shouldStop)
      Console.print("\(generate).key, \(generate).pub: key \(key); keep the .key file secret")
    } else if let plan, let key {
      let output = output ?? plan + PlanSigning.suffix
      let signer = try PlanSigning.sign(
        plan, keyPath: key, comment: comment, output: output, shouldStop: Interruption.shouldStop)
      Console.print("\(output): signature by key \(signer)")
    }
  }
}
